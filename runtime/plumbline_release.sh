# shellcheck shell=bash disable=SC2154,SC2164 # the user data assigns what is not assigned here, and ends where a step fails
#
# The steps of the release: its files, its packages, its settings, its tables. Nothing that a release or a package brings is
# run by root, nor does root write where they could put a link meanwhile.
# shellcheck source=/dev/null
. "$lib/plumbline_build.sh"

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
  added=$(sha256sum <<<"$gunicorn ${drivers:-} ${requirements:-} ${groups:-} $python${linked_dirs:+ $linked_dirs}" | head -c 4)
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
    # An editable installation writes what it knows of the project beside it.
    unseal "$release"
    environment "$release"
    touch "$release/.complete"
  fi
  rm -rf "$downloads"/app*
  unseal "$release"
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
  find "$1" -path "${static:-none}" -prune -o -type d -exec chmod u=rwx,g=rx,o=x {} + -o -type f -exec chmod u=rwX,g=rX,o= {} +
  if [ -n "$static" ]; then chmod -R u=rwX,go=rX "$static"; fi
  chmod -t "$1"
}

metadata_service='169.254.169.254 fd00:ec2::254'

# The folder of the project in a release.
project_of() { # release
  echo "$1${working_directory:+/$working_directory}"
}

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
  local named
  cd "$(project_of /srv/app/next)"
  if is_django; then
    # What it asks when the project's files do not say is the project itself, with the environment that decides.
    named=$(as_app python "$lib/plumbline_settings_module.py" "$wsgi" "$settings_module")
    {
      echo DJANGO_SETTINGS_MODULE=plumbline_django
      echo "$named"
      if [ -n "${working_directory:-}" ]; then echo "PLUMBLINE_WORKING_DIRECTORY=$working_directory"; fi
      if [ "$answer_health" = true ]; then echo "PLUMBLINE_HEALTH_PATH=$health_path"; fi
    } >>/etc/gunicorn/environment
    hook_settings /srv/app/next/.venv
    if [ "${collect_static:-}" = false ]; then
      as_app python "$lib/plumbline_django.py" static
    else
      as_app python "$lib/plumbline_django.py" collectstatic
    fi | tee "$logs/said"
    if [ -n "${media:-}" ]; then serve_media "$logs/said"; fi
  elif [ -d static ]; then
    ln -sfn "${working_directory:+$working_directory/}static" /srv/app/next/.static
  fi
}

# Python reads it at each start, before anything of the project. What code of packages has put into the environment may lead
# elsewhere: root follows no link of theirs.
hook_settings() { # environment
  local folder
  for folder in "$1"/lib/python3.*/site-packages; do
    if [ "$(realpath "$folder")" != "$(realpath "$1")${folder#"$1"}" ]; then continue; fi
    rm -rf "$folder/plumbline.pth"
    echo 'import os; "PLUMBLINE_SETTINGS_MODULE" in os.environ and __import__("plumbline_settings_hook")' \
      >"$folder/plumbline.pth"
  done
}

migrate() {
  cd "$(project_of /srv/app/next)"
  if is_django; then as_app python "$lib/plumbline_migrate.py"; fi
}
