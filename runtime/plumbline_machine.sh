# shellcheck shell=bash disable=SC2154 # the user data assigns what is not assigned here
#
# The steps of the bootstrap that are the same on every machine. The user data sources this file and runs them by name.
set -euo pipefail
shopt -s inherit_errexit

# What fails at once may meet a lock, or a network that is not yet up. What fails late has tried often enough itself.
retry() {
  local start=$SECONDS
  if "$@"; then return; fi
  if [ $((SECONDS - start)) -gt 5 ]; then return 1; fi
  sleep 5
  "$@"
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
    useradd --system --user-group --no-create-home --home-dir /srv/app --shell /usr/sbin/nologin app
  mkdir -p /srv/app/releases /var/log/journal /etc/systemd/journald.conf.d
  printf '%s\n' '[Journal]' Storage=persistent SystemMaxUse=256M >/etc/systemd/journald.conf.d/plumbline.conf
  systemctl restart systemd-journald
  # No application fails for the lack of swap or of these two settings, so their failure is only told.
  printf '%s\n' "net.core.somaxconn=$backlog" vm.swappiness=10 >/etc/sysctl.d/90-plumbline.conf
  sysctl -qp /etc/sysctl.d/90-plumbline.conf || true
  if [ "$swap" -gt 0 ] && [ "$(stat -c %s /swapfile 2>/dev/null)" != $((swap << 20)) ]; then
    swapoff /swapfile 2>/dev/null || true
    { fallocate -l "${swap}M" /swapfile && chmod 600 /swapfile && mkswap /swapfile >/dev/null && swapon /swapfile &&
      in_fstab '/swapfile none swap sw 0 0'; } || rm -f /swapfile
  fi
}

in_fstab() { # line
  grep -qxF "$1" /etc/fstab || echo "$1" >>/etc/fstab
}

# All in one go: apt takes a second to read its lists, each time.
packages() {
  # shellcheck disable=SC2086 # a list
  if installed nginx $packages; then return; fi
  if [ "$package_manager" = apt ]; then
    retry apt update
    # apt starts what it installs, before it is configured
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
  fi
  # shellcheck disable=SC2086 # a list
  install_packages nginx $packages
  rm -f /usr/sbin/policy-rc.d
}

# Debian's wheel of pip runs as it is: without an environment of pip's own it takes 1 s instead of 4.
tools() {
  local version=0.13.9
  if [ "$("$lib/tools/bin/uv" --version 2>/dev/null | cut -d ' ' -f 2)" = "$version" ]; then return; fi
  local pip=(-m pip) wheels=(/usr/share/python-wheels/pip-*.whl)
  if [ -e "${wheels[0]}" ]; then pip=("${wheels[0]}/pip"); fi
  "$python" "${pip[@]}" install -q --no-cache-dir --no-compile --root-user-action=ignore --timeout 10 \
    --disable-pip-version-check --only-binary :all: --upgrade --target "$lib/tools" "uv==$version"
}

clone() { # repository, branch, tag or commit
  rm -rf /var/tmp/app
  git init -q /var/tmp/app
  cd /var/tmp/app
  GIT_TERMINAL_PROMPT=0 retry git fetch -q --depth 1 "$1" "$2"
  git checkout -q FETCH_HEAD
}

# The release in its folder, with an environment of its own, behind the link `next` until it serves. A release that is there
# already is what it was: one that differs in the application or in what we add to it has another name.
dependencies() {
  local release added
  added=$(sha256sum <<<"$gunicorn ${drivers:-}" | head -c 4)
  cd /srv/app/releases
  if [ -d /var/tmp/app ]; then
    release=$(git -C /var/tmp/app rev-parse --short=12 HEAD)-$added
  else
    release=$(sha256sum </var/tmp/app.zip | head -c 12)-$added
  fi
  ln -sfn "releases/$release" /srv/app/next
  if [ -e "$release/.complete" ]; then return; fi
  rm -rf "$release"
  if [ -d /var/tmp/app ]; then mv /var/tmp/app "$release"; else python3 -m zipfile -e /var/tmp/app.zip "$release"; fi
  rm -f /var/tmp/app.zip
  chown -R app: "$release"
  cd "$release"
  environment
  touch .complete
}

# Wheels only: a compiler would be needed otherwise.
environment() {
  local uv=$lib/tools/bin/uv locked=/var/tmp/locked.txt wanted=("$gunicorn") driver
  export UV_CACHE_DIR=/var/cache/uv UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 \
    UV_COMPILE_BYTECODE=1
  "$uv" venv -q -p "$python" .venv
  if [ -f uv.lock ]; then
    "$uv" export -q -p "$python" --frozen --no-dev --no-emit-project --no-header -o "$locked"
    wanted+=(-r "$locked")
  elif [ -f requirements.txt ]; then
    wanted+=(-r requirements.txt)
  else
    wanted+=(-r pyproject.toml)
  fi
  "$uv" pip install --no-build -p .venv "${wanted[@]}"
  for driver in ${drivers:-}; do
    has_one "${driver#*:}" || "$uv" pip install --no-build -p .venv "${driver%%:*}"
  done
}

has_one() { # modules, separated by commas
  local module
  for module in ${1//,/ }; do
    if .venv/bin/python -c "import $module" 2>/dev/null; then return; fi
  done
  return 1
}

# The files that came with the runtime, and those that the script has put beside them, to where they belong. Which of them
# are new to the machine is kept in $logs/changed.
install_files() {
  local units=etc/systemd/system service path mode
  cd "$lib/files"
  mkdir -p "$units"
  for service in gunicorn nginx ${background_services:-}; do
    mkdir -p "$units/$service.service.d"
    cp "$lib/plumbline_sandbox.conf" "$units/$service.service.d/"
  done
  cp "$lib"/plumbline_logs.{service,timer} "$units/"
  if [ -n "${data_volume:-}" ]; then keep_files; fi
  : >"$logs/changed"
  find . -type f -printf '/%P\n' | while read -r path; do
    if cmp -s ".$path" "$path"; then continue; fi
    echo "$path" >>"$logs/changed"
    mkdir -p "${path%/*}"
    # What the application may know is nobody else's business.
    case $path in /etc/gunicorn/environment | /etc/gunicorn/secrets) mode=640 ;; *) mode=644 ;; esac
    install -m "$mode" ".$path" "$path"
    case $mode in 640) chgrp app "$path" ;; esac
  done
  fit_nginx
}

# Starts a unit, or starts it again where one of its files is new.
start_again() { # unit, its files besides the drop-in
  systemctl daemon-reload
  # not enabled-runtime either: a generator at boot does not see what a volume holds
  if [ "$(systemctl is-enabled "$1")" != enabled ]; then systemctl enable -q "$1"; fi
  if ! systemctl is-active -q "$1" ||
    grep -qxFf <(printf '%s\n' "/etc/systemd/system/$1.service.d/plumbline.conf" "${@:2}") "$logs/changed"; then
    systemctl restart "$1"
  fi
}

# Comments out the directives that the installed nginx does not know yet.
fit_nginx() {
  local have since
  have=$(nginx -v 2>&1 | grep -o '[0-9][0-9.]*' | head -n 1)
  for since in 1.27.4 1.29.7; do
    printf '%s\n' "$since" "$have" | sort -CV || sed -i "s/^.*since nginx $since\$/# &/" /etc/nginx/nginx.conf
  done
}

# As the service runs: the application's user, environment and secrets; in the release that is on its way, if any.
as_app() {
  local release=/srv/app/next
  [ -e $release ] || release=/srv/app/current
  systemd-run -q --wait --pipe --collect --uid=app --gid=app --working-directory=$release \
    --setenv=PYTHONPATH=/usr/local/lib/plumbline --setenv=PATH=$release/.venv/bin:/usr/bin \
    -p EnvironmentFile=/etc/gunicorn/environment -p EnvironmentFile=-/run/plumbline/secrets.env env "$@"
}
export -f as_app

is_django() {
  [ -f manage.py ] && .venv/bin/python -c 'import django'
}

# Where the release is a Django project: its settings behind those of the machine, and its static files.
django() {
  cd /srv/app/next
  if is_django; then
    if [ -z "$settings_module" ]; then
      settings_module=$(.venv/bin/python "$lib/plumbline_django.py" settings-module . "$wsgi")
    fi
    {
      echo DJANGO_SETTINGS_MODULE=plumbline_django
      echo "PLUMBLINE_SETTINGS_MODULE=$settings_module"
      if [ "$answer_health" = true ]; then echo "PLUMBLINE_HEALTH_PATH=$health_path"; fi
    } >>/etc/gunicorn/environment
    as_app python "$lib/plumbline_django.py" collectstatic
  elif [ -d static ]; then
    ln -sfn static .static
  fi
}

migrate() {
  cd /srv/app/next
  if is_django; then as_app python manage.py migrate --noinput; fi
}

# Those who will use the configuration read it.
check() {
  nginx -t
  as_app gunicorn --config /etc/gunicorn/gunicorn.conf.py --check-config
}

# Ends with the first 200 through nginx, or as soon as gunicorn has ended.
serve() {
  local code=nothing invocation end=$((SECONDS + start_timeout))
  systemctl enable -q --no-reload gunicorn.socket gunicorn plumbline_logs.timer
  systemctl is-enabled -q nginx || systemctl enable -q nginx # Debian's package has, and doing it again is slow
  systemctl daemon-reload
  if systemctl is-active -q gunicorn.socket && grep -q '/gunicorn\.socket$' "$logs/changed"; then
    systemctl stop gunicorn gunicorn.socket
  fi
  mv -T /srv/app/next /srv/app/current
  systemctl start gunicorn.socket plumbline_logs.timer
  # Requests wait in the socket meanwhile. A reload keeps nginx' connections.
  if systemctl restart gunicorn && systemctl reload-or-restart nginx; then
    invocation=$(systemctl show -p InvocationID gunicorn)
    while [ "$SECONDS" -lt "$end" ] && [ "$invocation" = "$(systemctl show -p InvocationID gunicorn)" ]; do
      code=$(curl -s -o /dev/null -m 5 -w '%{http_code}' "http://127.0.0.1$health_path") || true
      if [ "$code" = 200 ]; then return; fi
      sleep 0.2
    done
  fi
  journalctl -u gunicorn -n 30 --no-pager -o cat
  echo "$health_path answered $code through nginx instead of 200"
  return 1
}
