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
    retry apt install "$@"
  fi
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
  if [ "$swap" -gt 0 ]; then
    { fallocate -l "${swap}M" /swapfile && chmod 600 /swapfile && mkswap /swapfile >/dev/null && swapon /swapfile &&
      echo '/swapfile none swap sw 0 0' >>/etc/fstab; } || rm -f /swapfile
  fi
}

# All in one go: apt takes a second to read its lists, each time.
packages() {
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
  local pip=(-m pip) wheels=(/usr/share/python-wheels/pip-*.whl)
  if [ -e "${wheels[0]}" ]; then pip=("${wheels[0]}/pip"); fi
  "$python" "${pip[@]}" install -q --no-cache-dir --no-compile --root-user-action=ignore --timeout 10 \
    --disable-pip-version-check --only-binary :all: --target "$lib/tools" uv==0.13.9
}

clone() { # repository, branch, tag or commit
  git init -q /var/tmp/app
  cd /var/tmp/app
  GIT_TERMINAL_PROMPT=0 retry git fetch -q --depth 1 "$1" "$2"
  git checkout -q FETCH_HEAD
}

# The release in its folder, with an environment of its own. Wheels only: a compiler would be needed otherwise.
dependencies() {
  local release uv=$lib/tools/bin/uv locked=/var/tmp/locked.txt wanted=("$gunicorn")
  cd /srv/app/releases
  if [ -d /var/tmp/app ]; then
    release=$(git -C /var/tmp/app rev-parse --short=12 HEAD)
    mv /var/tmp/app "$release"
  else
    release=$(sha256sum </var/tmp/app.zip | head -c 12)
    python3 -m zipfile -e /var/tmp/app.zip "$release"
    rm /var/tmp/app.zip
  fi
  chown -R app: "$release"
  ln -sfn "releases/$release" /srv/app/current
  cd "$release"
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
}

# The units that are the same on every machine.
install_units() {
  local units=/etc/systemd/system service
  for service in gunicorn nginx; do
    mkdir -p "$units/$service.service.d"
    cp "$lib/plumbline_sandbox.conf" "$units/$service.service.d/"
  done
  cp "$lib"/plumbline_logs.{service,timer} "$units/"
}

# Comments out the directives that the installed nginx does not know yet.
fit_nginx() {
  local have since
  have=$(nginx -v 2>&1 | grep -o '[0-9][0-9.]*' | head -n 1)
  for since in 1.27.4 1.29.7; do
    printf '%s\n' "$since" "$have" | sort -CV || sed -i "s/^.*since nginx $since\$/# &/" /etc/nginx/nginx.conf
  done
}

# As the service runs: the application's user, environment and secrets.
as_app() {
  systemd-run -q --wait --pipe --collect --uid=app --gid=app --working-directory=/srv/app/current \
    --setenv=PYTHONPATH=/usr/local/lib/plumbline --setenv=PATH=/srv/app/current/.venv/bin:/usr/bin \
    -p EnvironmentFile=/etc/gunicorn/environment -p EnvironmentFile=-/run/plumbline/secrets.env env "$@"
}
export -f as_app

# Where the release is a Django project: its settings behind those of the machine, and its static files.
django() {
  cd /srv/app/current
  if [ -f manage.py ] && .venv/bin/python -c 'import django'; then
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
    ln -s static .static
  fi
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
  systemctl start gunicorn.socket plumbline_logs.timer
  if systemctl start gunicorn nginx; then
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
