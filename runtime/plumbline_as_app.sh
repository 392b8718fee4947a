#!/bin/bash
# Runs a command as the service runs: its user, folder, environment, secrets and sandbox, which are read from its unit. A person
# on the machine knows it as /usr/local/bin/as_app. The steps of a deployment set `building`: they run in the release that is on
# its way, and may write to it.
set -euo pipefail

units=${units:-/etc/systemd/system} app=${app:-/srv/app}

if [ $# = 0 ]; then
  echo 'as_app COMMAND runs a command as the application runs: sudo as_app python manage.py createsuperuser' >&2
  exit 2
fi
if [ "$(id -u)" != 0 ]; then
  echo "as_app becomes the application's user, which takes root: sudo as_app $*" >&2
  exit 1
fi

options=()
release=$app/current
if [ -e "$app/next" ] && [ -n "${building:-}" ]; then
  release=$app/next
  options+=(-p "ReadWritePaths=$(realpath "$release")")
fi
if [ -n "${building:-}" ] && [ -n "${deadline:-}" ]; then
  limit=$((deadline - EPOCHSECONDS))
  if [ $limit -lt 10 ]; then limit=10; fi
  # Interrupted, Python says where it is.
  options+=(-p "RuntimeMaxSec=$limit" -p KillSignal=SIGINT)
fi
if [ ! -e "$release" ]; then
  echo 'no release serves on this machine: /var/log/cloud-init-output.log says why' >&2
  exit 1
fi

# All that the unit says of its environment and its sandbox; how a service is started, watched and ended is no command's.
while IFS= read -r line; do
  options+=(-p "${line//$app\/current/$release}")
done < <(awk '/^\[/ { service = $0 == "[Service]" } service && /^[A-Z]/' "$units"/gunicorn.service "$units"/gunicorn.service.d/*.conf |
  grep -Ev '^(Type|NotifyAccess|Exec[A-Za-z]*|RuntimeDirectory[A-Za-z]*|KillMode|Timeout[A-Za-z]*|WatchdogSec|Restart[A-Za-z]*|OOMPolicy)=')

# In a unit of its own, which ends with everything that the command has started, whatever happens to this script: so what it is
# told by a signal goes to the unit. systemd reads `$` as ExecStart= does. No request waits for statements of a command.
unit=as_app-$$
exec 3<&0
systemd-run -q --wait --pipe --pty --collect --unit=$unit -p TimeoutStopSec=5 --setenv=PLUMBLINE_DATABASE_STATEMENT_TIMEOUT=0 \
  "${options[@]}" env -- "${@//\$/\$\$}" <&3 &
client=$!
for signal in HUP INT QUIT TERM; do
  # shellcheck disable=SC2064 # the names are known now
  trap "systemctl kill -s $signal $unit || true" $signal
done
while kill -0 $client 2>/dev/null; do wait $client || true; done
status=0
wait $client || status=$?
if [ $status != 0 ] && [ "$SECONDS" -ge "${limit:-$((SECONDS + 1))}" ]; then echo "still running after $limit s" >&2; fi
exit $status
