#!/usr/bin/env bash
# Prints the virtual environment of the machine tests, after it has made sure that this host can boot a machine.
# Packages that the host lacks are named before they are installed, and asked for on a terminal, unless PLUMBLINE_YES is set.
set -Eeuo pipefail
cd "$(dirname "$0")/.."

packages=(mmdebstrap systemd-container slirp4netns nftables dnsmasq-base haproxy iproute2 util-linux openssl procps
  debian-archive-keyring python3-venv)
commands=(mmdebstrap systemd-nspawn slirp4netns nft dnsmasq haproxy ip nsenter openssl sysctl losetup)

installed() {
  local command
  for command in "${commands[@]}"; do command -v "$command" >/dev/null || return 1; done
  python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || return 1
  [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]]
}

missing=()
[[ $(uname -s) == Linux ]] || missing+=("Linux, this is $(uname -s)")
((EUID == 0)) || missing+=('root, for namespaces, mounts and control groups (sudo npm run ...)')
[[ -x node_modules/.bin/cdk ]] || missing+=('the CDK command line: run npm ci')
[[ -e /dev/net/tun ]] || missing+=('/dev/net/tun')
installed || command -v apt-get >/dev/null || missing+=("the commands ${commands[*]}, the Debian archive keyring and Python 3.11 or newer with venv")
if ((${#missing[@]})); then
  printf 'a machine cannot boot here, it needs %s\n' "${missing[@]}" >&2
  exit 1
fi

# Runs a command that says nothing unless it fails.
quietly() {
  local output
  output=$("$@" 2>&1) || { printf '%s\n' "$output"; return 1; }
}

# Installs what is absent, and nothing that would bring a newer version of what is there.
install_packages() {
  local package absent=() changed
  for package in "${packages[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) == ii* ]] || absent+=("$package")
  done
  echo "This host lacks packages that boot a machine: ${absent[*]}."
  echo 'apt-get installs them and what they need, and upgrades nothing; apt-get purge with the same names removes them again.'
  if [[ -t 0 && -t 2 && -z ${PLUMBLINE_YES:-} ]]; then
    read -r -p 'Install them? [Y/n] ' answer
    [[ ${answer:-y} == [yY]* ]] || { echo 'nothing was installed'; return 1; }
  fi
  SECONDS=0
  quietly apt-get update -qq
  changed=$(apt-get install --simulate --no-install-recommends "${absent[@]}" | sed -n 's/^Inst \([^ ]*\) \[.*/\1/p; s/^Remv \([^ ]*\).*/\1/p')
  if [[ $changed ]]; then
    echo "apt-get would upgrade or remove ${changed//$'\n'/ }: install ${absent[*]} yourself"
    return 1
  fi
  quietly apt-get install -y -qq --no-install-recommends "${absent[@]}"
  echo "${#absent[@]} packages are installed ... $SECONDS s"
}

export DEBIAN_FRONTEND=noninteractive
installed || install_packages >&2
exec scripts/python-env.sh test/machine/requirements.txt
