# shellcheck shell=bash disable=SC2154,SC2164 # the user data assigns what is not assigned here, and ends where a step fails
#
# The steps of the service: its files, its units, its first answer.

# The files that came with the runtime, and those that the script has put beside them, to where they belong. Which of them
# are new to the machine is kept in $logs/changed.
install_files() {
  local units=etc/systemd/system service path mode
  cd "$lib/files"
  mkdir -p "$units"
  for service in gunicorn nginx plumbline_logs plumbline_secrets@ ${sandboxed:-}; do
    mkdir -p "$units/$service.service.d"
    cp "$lib/plumbline_sandbox.conf" "$units/$service.service.d/"
  done
  if [ "$instance_metadata" = false ]; then
    for service in gunicorn ${sandboxed:-}; do
      cp "$lib/plumbline_no_metadata.conf" "$units/$service.service.d/"
    done
  fi
  cp "$lib"/plumbline_{logs.service,logs.timer,secrets.socket,secrets@.service} "$units/"
  if [ -n "${data_volume:-}" ]; then keep_files; fi
  : >"$logs/changed"
  find . -type f -printf '/%P\n' | while read -r path; do
    if cmp -s ".$path" "$path"; then continue; fi
    echo "$path" >>"$logs/changed"
    mkdir -p "${path%/*}"
    # What the application may know is nobody else's business.
    case $path in
      /etc/gunicorn/environment) mode=640 ;;
      /etc/gunicorn/secrets) mode=600 ;;
      *) mode=644 ;;
    esac
    install -m "$mode" ".$path" "$path"
    case $mode in 640) chgrp app "$path" ;; esac
  done
  fit_nginx
  keep_for_root /var/log/nginx /var/lib/nginx /var/lib/nginx/tmp
}

# Folders in which root opens files or gives them away by name, as nginx' master does with logs and temporary folders: who
# may write to them may put a link there (CVE-2016-1247). Packages of Fedora's kind give them to nginx' user.
keep_for_root() { # folders, the outer ones first
  local folder
  for folder in "$@"; do
    if [ ! -L "$folder" ] && [ -d "$folder" ]; then
      chown root "$folder"
      chmod go-w,o-r,o+x "$folder"
    fi
  done
}

# Starts a unit, or starts it again where one of its files is new.
start_again() { # unit, its files besides the drop-in
  systemctl daemon-reload
  # not enabled-runtime either: a generator at boot does not see what a volume holds
  if [ "$(systemctl is-enabled "$1")" != enabled ]; then systemctl enable -q "$1"; fi
  if ! systemctl is-active -q "$1" ||
    grep -qxFf <(printf '%s\n' "/etc/systemd/system/$1.service.d/plumbline.conf" "${@:2}") "$logs/changed"; then
    systemctl restart "$1" || {
      journalctl -u "$1" --since "@${began:-0}" -n 300 --no-pager -o cat
      echo "$1 does not start: $(journalctl -n 1 --no-pager -o cat "_SYSTEMD_UNIT=$1.service")"
      return 1
    }
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
  seal "$(realpath /srv/app/next)"
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
  journalctl -u gunicorn -u nginx --since "@${began:-0}" -n 300 --no-pager -o cat
  echo "$health_path answered $code through nginx instead of 200"
  return 1
}
