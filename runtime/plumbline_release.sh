# shellcheck shell=bash disable=SC2154,SC2164 # the user data assigns what is not assigned here, and ends where a step fails
#
# The steps of the release: its files, its packages, its settings, its tables. Nothing that a release or a package brings is
# run by root, nor does root write where they could put a link meanwhile.

clone() { # repository, branch, tag or commit
  umask 027
  rm -rf "$downloads/app"
  git init -q "$downloads/app"
  cd "$downloads/app"
  GIT_TERMINAL_PROMPT=0 retry git -c http.lowSpeedLimit=1 -c http.lowSpeedTime=30 fetch -q --depth 1 "$1" "$2"
  git checkout -q FETCH_HEAD
}

# The release in its folder, with an environment of its own, behind the link `next` until it serves. A release that is there
# already is what it was: one that differs in the application or in what we add to it has another name.
dependencies() {
  local release added
  added=$(sha256sum <<<"$gunicorn ${drivers:-}" | head -c 4)
  if [ -d "$downloads/app" ]; then
    release=$(git -C "$downloads/app" rev-parse --short=12 HEAD)-$added
  else
    release=$(sha256sum <"$downloads/app.zip" | head -c 12)-$added
  fi
  ln -sfn "releases/$release" /srv/app/next
  release=/srv/app/releases/$release
  if [ ! -e "$release/.complete" ]; then
    rm -rf "$release"
    if [ -d "$downloads/app" ]; then
      mv "$downloads/app" "$release"
    else
      (umask 027 && python3 -I "$lib/plumbline_unzip.py" "$downloads/app.zip" "$release")
    fi
    chown -hR root:app "$release"
    environment "$release"
    touch "$release/.complete"
  fi
  rm -rf "$downloads"/app*
  unseal "$release"
}

environment() { # release
  rm -rf "$1/.venv"
  install -d -o app -g app "$1/.venv"
  # A machine that is stopped while it removes the cache leaves half a package there.
  rm -rf /var/cache/plumbline
  # shellcheck disable=SC2086 # a list
  as_user --working-directory="$1" -p CacheDirectory=plumbline -p CacheDirectoryMode=0700 -p PrivateTmp=yes \
    -p "IPAddressDeny=$metadata_service" /bin/bash "$lib/plumbline_packages.sh" "$lib/tools/bin/uv" "$python" "$gunicorn" ${drivers:-}
  chown -hR root:app "$1/.venv"
  chmod -R u=rwX,g=rX,o= "$1/.venv"
  rm -rf /var/cache/plumbline
}

# The steps of a release write to it, as the application's user; its packages stay as they are.
unseal() { # release
  find "$1" -mindepth 1 -maxdepth 1 ! -name .venv ! -name .complete -exec chown -hR app:app {} +
  # Sticky: who may write to the folder may not put something else into the place of what is root's.
  chown root:app "$1"
  chmod g+w,+t "$1"
}

# From here on root alone writes to it, the service reads it, and nginx comes through to the static files.
seal() { # release
  local static
  static=$(realpath -eq "$1/.static") || true
  case $static in "$1"/*) ;; *) static='' ;; esac
  chown -hR root:app "$1"
  find "$1" -path "${static:-/}" -prune -o -type d -exec chmod u=rwx,g=rx,o=x {} + -o -type f -exec chmod u=rwX,g=rX,o= {} +
  if [ -n "$static" ]; then chmod -R u=rwX,go=rX "$static"; fi
  chmod -t "$1"
}

metadata_service='169.254.169.254 fd00:ec2::254'

# As the application's user, in a unit that ends with everything that the command has started.
as_user() { # options of systemd-run, command
  systemd-run -q --wait --pipe --collect --uid=app --gid=app -p NoNewPrivileges=yes -p TimeoutStopSec=5 "$@"
}

# As the service runs, in the release that is on its way, if any.
as_app() { /bin/bash "$lib/plumbline_as_app.sh" "$@"; }
export lib building=true
export -f as_app

# Without secrets: the database and the like are not asked.
python_of_release() {
  as_user --working-directory=/srv/app/next --setenv=PYTHONPATH=/usr/local/lib/plumbline -p "IPAddressDeny=$metadata_service" \
    /srv/app/next/.venv/bin/python "$@"
}

is_django() {
  [ -f manage.py ] && python_of_release -c 'import django'
}

# Where the release is a Django project: its settings behind those of the machine, and its static files.
django() {
  cd /srv/app/next
  if is_django; then
    if [ -z "$settings_module" ]; then
      settings_module=$(python_of_release "$lib/plumbline_django.py" settings-module . "$wsgi")
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
