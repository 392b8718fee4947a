# shellcheck shell=bash disable=SC2154,SC2164 # the user data assigns what is not assigned here, and ends where a step fails
#
# The steps of the release: its files, its packages, its settings, its tables.

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
  if [ ! -e "$release/.complete" ]; then
    rm -rf "$release"
    if [ -d /var/tmp/app ]; then mv /var/tmp/app "$release"; else python3 -m zipfile -e /var/tmp/app.zip "$release"; fi
    chown -R app: "$release"
    cd "$release"
    environment
    touch .complete
  fi
  rm -rf /var/tmp/app /var/tmp/app.zip
}

# Wheels only: a compiler would be needed otherwise.
environment() {
  local uv=$lib/tools/bin/uv locked=/var/tmp/locked.txt wanted=("$gunicorn") driver
  export UV_CACHE_DIR=/var/cache/uv UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 \
    UV_COMPILE_BYTECODE=1
  # A machine that is stopped while it removes the cache leaves half a package there.
  rm -rf /var/cache/uv
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

# As the service runs: the application's user, environment and secrets; in the release that is on its way, if any. Statements may
# take their time: no request waits for them.
as_app() {
  local release=/srv/app/next
  [ -e $release ] || release=/srv/app/current
  systemd-run -q --wait --pipe --collect --uid=app --gid=app --working-directory=$release \
    --setenv=PYTHONPATH=/usr/local/lib/plumbline --setenv=PATH=$release/.venv/bin:/usr/bin \
    --setenv=PLUMBLINE_DATABASE_STATEMENT_TIMEOUT=0 \
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
  if is_django; then as_app python "$lib/plumbline_migrate.py"; fi
}
