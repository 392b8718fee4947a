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
  mkdir -p etc/nginx
  cp "$lib/plumbline_types.conf" etc/nginx/
  for_people
  if [ -n "${data_volume:-}" ]; then keep_files; fi
  : >"$logs/changed"
  find . -type f -printf '/%P\n' | while read -r path; do
    if cmp -s ".$path" "$path"; then continue; fi
    echo "$path" >>"$logs/changed"
    mkdir -p "${path%/*}"
    # What the application may know is nobody else's business.
    case $path in
      /etc/gunicorn/environment) mode=640 ;;
      /etc/gunicorn/secrets | /etc/plumbline/passwords) mode=600 ;;
      */bin/as_app) mode=755 ;;
      *) mode=644 ;;
    esac
    install -m "$mode" ".$path" "$path"
    case $mode in 640) chgrp app "$path" ;; esac
  done
  if grep -q 'ssm-agent.service.d/' "$logs/changed"; then
    systemctl daemon-reload
    systemctl try-restart --no-block '*amazon-ssm-agent.service' || true
  fi
  fit_nginx
  keep_for_root /var/log/nginx /var/lib/nginx /var/lib/nginx/tmp
}

# What a person finds on the machine, who comes through Session Manager: its shell is `sh`, as a child of the agent, and neither a
# login shell nor one of PAM's (amazon-ssm-agent, agent/session/shell/shell_unix.go). sudo's path on Fedora's kind has no /usr/local.
for_people() {
  local folder agent
  for folder in usr/local/bin usr/bin; do
    mkdir -p $folder
    if [ $folder = usr/local/bin ] || [ "$package_manager" = dnf ]; then cp "$lib/plumbline_as_app.sh" $folder/as_app; fi
  done
  mkdir -p etc/profile.d etc/motd.d
  cp "$lib/plumbline_motd.sh" etc/profile.d/plumbline.sh
  for agent in amazon-ssm-agent snap.amazon-ssm-agent.amazon-ssm-agent; do
    mkdir -p "$units/$agent.service.d"
    printf '%s\n' '[Service]' Environment=ENV=/etc/profile.d/plumbline.sh >"$units/$agent.service.d/plumbline.conf"
  done
  cat >etc/motd.d/plumbline <<END
A web application serves here, installed by cdk-plumbline.
  commands   sudo as_app python manage.py createsuperuser    as the application runs: user, environment, secrets, sandbox
  logs       journalctl -u gunicorn    /var/log/nginx    the deployment: /var/log/cloud-init-output.log
  units      systemctl status gunicorn nginx ${sandboxed:-} ${database_unit:-} ${cache_unit:-}
  files      /srv/app/current, read-only: the release    /var/lib/app${media:+, $media}, writable: HOME${media:+, MEDIA_ROOT}    /etc/gunicorn, /etc/nginx: generated
END
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
      tell_of "$1" 'does not start'
      return 1
    }
  fi
}

# What a unit that fails has said in this step, and the last of it. A timer says nothing: systemd does, of it.
tell_of() { # unit, what it does
  local whose=("_SYSTEMD_UNIT=$1.service")
  case $1 in *.timer | *.socket) whose=(_PID=1 "UNIT=$1") ;; esac
  journalctl -u "$1" --since "@${began:-0}" -n 300 --no-pager -o cat
  echo "$1 $2: $(journalctl -n 1 --no-pager -o cat "${whose[@]}")"
}

# The names and passwords that nginx asks for. Its timer starts with nginx, which may be running already.
passwords() { # group of nginx
  bash "$lib/plumbline_secrets.sh" passwords /etc/plumbline/passwords "$1"
  systemctl daemon-reload
  systemctl start plumbline_passwords.timer
}

# Comments out the directives that the installed nginx does not know yet, and the types that its mime.types has.
fit_nginx() {
  local have since extension
  while read -r extension; do
    if grep -Eq "[[:space:]]${extension}[[:space:];]" /etc/nginx/mime.types; then
      sed -i "s/^ .* $extension;$/# &/" /etc/nginx/plumbline_types.conf
    fi
  done < <(sed -n 's/^ .* \(.*\);$/\1/p' /etc/nginx/plumbline_types.conf)
  have=$(nginx -v 2>&1 | grep -o '[0-9][0-9.]*' | head -n 1)
  for since in 1.27.4 1.29.7; do
    printf '%s\n' "$since" "$have" | sort -CV || sed -i "s/^.*since nginx $since\$/# &/" /etc/nginx/nginx.conf
  done
}

# Those who will use the configuration read it.
check() {
  local start=$SECONDS
  nginx -t
  as_app python -m plumbline_check --config /etc/gunicorn/gunicorn.conf.py
  echo $((SECONDS - start)) >"$logs/loading"
}

# Ends with the first 200 of a worker through nginx once all of them serve, or as soon as gunicorn has ended.
serve() {
  local answer=nothing invocation end=$((SECONDS + start_timeout))
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
      answer=$(ask "$health_path" -m 5)
      if [ "$answer" = 200 ] && every_worker_serves; then
        visit
        return
      fi
      sleep 0.2
    done
  fi
  journalctl -u gunicorn -u nginx --since "@${began:-0}" -n 300 --no-pager -o cat
  if [ "$answer" = 200 ]; then
    echo "$(systemctl show -p StatusText --value gunicorn) after $start_timeout s"
  else
    echo "$health_path answered $answer through nginx instead of 200"
  fi
  return 1
}

# The status; what nginx says for an application whose slots are all taken is told as busy, for it is no answer of a worker.
ask() { # path, options of curl
  local answer
  answer=$(curl -s -o /dev/null -w '%{http_code} %header{x-plumbline}' "${@:2}" "http://127.0.0.1$1") || true
  echo "${answer% }"
}

# As the guard tells systemd. Without the guard the one that has answered stands for all.
every_worker_serves() {
  if [[ $(systemctl show -p StatusText --value gunicorn) =~ ^([0-9]+)\ of\ ([0-9]+)\ workers\ serve$ ]]; then
    [ "${BASH_REMATCH[1]}" -ge "${BASH_REMATCH[2]}" ]
  fi
}

# What a visitor sees first. It fails no deployment: a page may want data that nobody has entered yet, or something that is not
# the machine's and away today, and to go back would need the same (docs/adr/0046).
visit() {
  local answer
  answer=$(ask / -m 30 -H "Host: $host" -H 'X-Forwarded-Proto: https' -H 'X-Forwarded-For: 127.0.0.1')
  case $answer in
    000) echo "== the front page (/) has not answered after 30 s" ;;
    5*) echo "== the front page (/) answers $answer: journalctl -u gunicorn says why" ;;
    *) return ;;
  esac | tee /dev/console
}
