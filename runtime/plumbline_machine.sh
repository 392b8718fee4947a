# shellcheck shell=bash disable=SC2154 # the user data assigns what is not assigned here
#
# The steps that make a machine: user, journal, kernel, packages, tools. The user data sources this file and those of the
# other steps, and runs them by name.
set -euo pipefail
shopt -s inherit_errexit

images=${images:-/var/lib/plumbline/images}

# What fails at once may meet a lock, or a network that is not yet up. What fails late has tried often enough itself.
retry() {
  local start=$SECONDS
  if "$@"; then return; fi
  if [ $((SECONDS - start)) -gt 5 ]; then return 1; fi
  sleep 5
  "$@"
}

# Why the step has failed, in one line; and all that it said, in a file that stays. What the kernel has killed meanwhile
# could not say so itself.
why() { # status
  journalctl -kq -o cat --since "@$began" | grep -im 1 'out of memory: killed process' >>"$logs/$step"
  install -m 600 "$logs/$step" /var/log/plumbline-failed.log
  timeout 10 python3 -I "$lib/plumbline_reason.py" "$1" "$logs/$step"
}

apt() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -qq -o DPkg::Lock::Timeout=60 -o Acquire::Retries=2 \
    -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10 -o APT::Update::Error-Mode=any \
    -o APT::Install-Recommends=0 -o Acquire::Languages=none "$@"
}

install_packages() { # nothing recommended, nothing upgraded
  if [ "$package_manager" = dnf ]; then
    retry dnf -q -y --setopt=install_weak_deps=0 --setopt=retries=2 --setopt=timeout=10 install "$@"
  else
    retry apt install --no-upgrade "$@"
  fi
}

installed() {
  if [ "$package_manager" = dnf ]; then rpm -q "$@"; else dpkg -s "$@"; fi >/dev/null 2>&1
}

# User, journal, kernel.
system() {
  id -u app >/dev/null 2>&1 ||
    useradd --system --user-group --no-create-home --home-dir /var/lib/app --shell /usr/sbin/nologin app
  mkdir -p /srv/app/releases /var/log/journal /etc/systemd/journald.conf.d
  # rsyslog, which Ubuntu has, would write all of it once more, to files that are looked at once a week.
  printf '%s\n' '[Journal]' Storage=persistent SystemMaxUse=256M ForwardToSyslog=no >/etc/systemd/journald.conf.d/plumbline.conf
  systemctl restart systemd-journald
  # A server that went without a word is found after 2 minutes instead of 2 hours: drivers ask for keepalives, and none
  # says how often. No application fails for the lack of swap or of these settings, so their failure is only told.
  printf '%s\n' "net.core.somaxconn=$backlog" vm.swappiness=10 net.ipv4.tcp_keepalive_time=60 \
    net.ipv4.tcp_keepalive_intvl=10 net.ipv4.tcp_keepalive_probes=6 >/etc/sysctl.d/90-plumbline.conf
  sysctl -qp /etc/sysctl.d/90-plumbline.conf || true
  if [ "$swap" -gt 0 ] && [ "$(stat -c %s /swapfile 2>/dev/null)" != $((swap << 20)) ]; then
    swapoff /swapfile 2>/dev/null || true
    { fallocate -l "${swap}M" /swapfile && chmod 600 /swapfile && mkswap /swapfile >/dev/null && swapon /swapfile &&
      in_fstab '/swapfile none swap sw 0 0'; } || rm -f /swapfile
  fi
  bound /var/log/nginx 512 # NGINX_LOGS of lib/plan/disk-plan.ts
  bound /var/spool/nginx/uploads "$uploads"
  bound /var/spool/nginx/responses "$responses"
}

# A folder that is full by itself, before the disk is: a file system in a file that has all its blocks from the start. It grows with
# the plan, and does not shrink. No application fails for the lack of it, so that is only told.
bound() { # folder, MiB
  local name=${1#/} image
  image=$images/${name//\//-}.img
  mkdir -p "$images" "$1"
  if [ "$2" = 0 ]; then return; fi
  mountpoint -q "$1" || mount "$1" 2>/dev/null || new_bound "$image" "$@" ||
    echo "$1 has no file system of its own, so what fills it fills the disk"
  if mountpoint -q "$1" && [ "$(stat -c %s "$image")" -lt $(($2 << 20)) ]; then
    grow "$image" "$(findmnt -no SOURCE "$1")" "$2" || echo "$1 could not be made larger"
  fi
}

grow() { # image, device, MiB
  fallocate -l "$3M" "$1" && losetup -c "$2" && resize2fs "$2" >/dev/null
}

# What the plan takes for its tables: few inodes, one for each connection of nginx and as many again, and a small journal. Neither
# mkfs nor the weekly fstrim gives its blocks back to the disk.
new_bound() { # image, folder, MiB
  local options=loop,nodev,nosuid,noexec
  rm -f "$1"
  if fallocate -l "$3M" "$1" && chmod 600 "$1" && mkfs.ext4 -q -F -E nodiscard -b 4096 -m 0 -N 16384 -J size=4 "$1" </dev/null &&
    mount -o $options "$1" "$2"; then
    in_fstab "$1 $2 ext4 $options,nofail,x-systemd.before=nginx.service,X-fstrim.notrim 0 0"
    return
  fi
  rm -f "$1"
  return 1
}

in_fstab() { # line
  grep -qxF "$1" /etc/fstab || echo "$1" >>/etc/fstab
}

# Debian's images and archive have no SSM agent; AWS publishes it in a bucket of each region. No application fails for the lack
# of it, so that is only told.
install_agent() {
  local file=$downloads/amazon-ssm-agent.deb architecture
  architecture=$(dpkg --print-architecture)
  curl -sSf --retry 2 --connect-timeout 5 --max-time 60 -o "$file" \
    "https://s3.$region.$suffix/amazon-ssm-$region/latest/debian_$architecture/amazon-ssm-agent.deb" &&
    retry apt install "$file" && systemctl enable -q --now amazon-ssm-agent ||
    echo 'Session Manager does not reach this machine: the SSM agent could not be installed'
}

# All in one go: apt takes a second to read its lists, each time.
packages() {
  local policy=${policy:-/usr/sbin/policy-rc.d}
  # shellcheck disable=SC2086 # a list
  if installed nginx $packages; then return; fi
  if [ "$package_manager" = apt ]; then
    retry apt update
    # apt starts what it installs, before it is configured
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  if [ -n "${repositories:-}" ]; then install_packages "$repositories"; fi
  # shellcheck disable=SC2086 # a list
  install_packages nginx $packages
  if [ "${without_agent:-}" = true ]; then install_agent; fi
  rm -f "$policy"
}

# A Python that the operating system lacks, as uv would install it: the archive is the one whose digest is pinned, or none.
fetch_python() {
  local folder=${python%/bin/*} file=$downloads/python.tar.gz machine archive sum
  if [ -x "$python" ]; then return; fi
  machine=$(uname -m)
  archive=${python_archive/ARCHITECTURE/$machine}
  sum=" $python_sha256 " sum=${sum##* "$machine="} sum=${sum%% *}
  # Six minutes at most, so that a host that stalls is told before CloudFormation has waited for too long.
  retry curl -sSfL --retry 2 --retry-max-time 60 --connect-timeout 10 --speed-time 30 --max-time 300 \
    -w '%{onerror}%{stderr}%{url}\n' -o "$file" \
    "https://github.com/astral-sh/python-build-standalone/releases/download/$archive"
  sha256sum -c --status <<<"$sum  $file" || {
    echo "another SHA-256 than pinned: ${archive##*/} must have $sum and has $(sha256sum <"$file" | head -c 64)"
    return 1
  }
  rm -rf "$folder" "$folder.new"
  mkdir -p "$folder.new"
  tar -xzf "$file" -C "$folder.new" --no-same-owner --strip-components 1
  # Extensions are built with the compiler of this machine, not the one that it names: clang, where it was made. The
  # names are JSON, with four spaces before each (build-cpython.sh of python-build-standalone).
  sed -Ei "s/^( +['\"](CC|BLDSHARED|LDSHARED|LINKCC)['\"]: ['\"])[^ '\"]+/\1cc/
    s/^( +['\"](CXX|LDCXXSHARED)['\"]: ['\"])[^ '\"]+/\1c++/
    s/^( +['\"]AR['\"]: ['\"])[^'\"]+/\1ar/" "$folder.new"/lib/python3.*/_sysconfigdata_*.py
  mv "$folder.new" "$folder"
  rm -f "$file"
}

# Debian's wheel of pip runs as it is: without an environment of pip's own it takes 1 s instead of 4.
tools() {
  local version=0.13.9
  if [ "$("$lib/tools/bin/uv" --version 2>/dev/null | cut -d ' ' -f 2)" = "$version" ]; then return; fi
  local pip=(-m pip) wheels=(/usr/share/python-wheels/pip-*.whl)
  if [ -e "${wheels[0]}" ]; then pip=("${wheels[0]}/pip"); fi
  "$python" -I "${pip[@]}" install -q --no-cache-dir --no-compile --root-user-action=ignore --timeout 10 \
    --disable-pip-version-check --only-binary :all: --upgrade --target "$lib/tools" "uv==$version"
}
