#!/usr/bin/env bash
# Prints the virtual environment of the machine tests, after it has made sure that this host can boot a machine.
set -Eeuo pipefail
cd "$(dirname "$0")/.."

packages=(mmdebstrap systemd-container slirp4netns nftables dnsmasq-base haproxy iproute2 util-linux openssl procps
  debian-archive-keyring python3-venv)
commands=(mmdebstrap systemd-nspawn slirp4netns nft dnsmasq haproxy ip nsenter openssl sysctl losetup)

missing=()
[[ $(uname -s) == Linux ]] || missing+=("Linux, this is $(uname -s)")
((EUID == 0)) || missing+=('root, for namespaces, mounts and control groups (sudo npm run ...)')
[[ -x node_modules/.bin/cdk ]] || missing+=('the CDK command line: run npm ci')
[[ -e /dev/net/tun ]] || missing+=('/dev/net/tun')
command -v apt-get >/dev/null || command -v mmdebstrap >/dev/null || missing+=("the packages ${packages[*]}")
if ((${#missing[@]})); then
  printf 'a machine cannot boot here, it needs %s\n' "${missing[@]}" >&2
  exit 1
fi

installed() {
  local command
  for command in "${commands[@]}"; do command -v "$command" >/dev/null || return 1; done
  [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]]
}

if ! installed; then
  export DEBIAN_FRONTEND=noninteractive
  {
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${packages[@]}"
  } >&2
fi
exec scripts/python-env.sh test/machine/requirements.txt
