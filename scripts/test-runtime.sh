#!/usr/bin/env bash
# Lints all Python of the repository, and tests the files that run on the machine, with real databases, nginx and gunicorn.
# Arguments go to pytest. Wants Debian's databases and nginx; as root it installs them.
set -Eeuo pipefail

cd "$(dirname "$0")/../runtime"

packages=(mariadb-server-core mariadb-client-core nginx-light postgresql redis-server openssl)
programs=(/usr/sbin/mariadbd /usr/bin/my_print_defaults /usr/lib/postgresql/*/bin/initdb /usr/bin/redis-server /usr/sbin/nginx)

installed() {
  local program
  for program in "${programs[@]}"; do [[ -x $program ]] || return 1; done
}

if ! installed; then
  if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    # the tests start servers of their own, so the packages must not
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi

env=$(../scripts/python-env.sh tests/requirements.txt)
export PYTHONDONTWRITEBYTECODE=1
"$env/bin/ruff" check --no-cache ..
"$env/bin/ruff" format --no-cache --check ..
"$env/bin/pytest" -p no:cacheprovider "$@"
