# shellcheck shell=bash disable=SC2154,SC2164 # the user data assigns what is not assigned here, and ends where a step fails
#
# The background workers. They start when the release serves, and end as soon as another one is on its way.

# Celery tells systemd when it works. Others have started when they are up for longer than the application takes to load: twice
# what it took alone, since several load side by side, and 15 s for what a worker alone imports.
start_workers() { # units
  local worker state waits=true end=$((SECONDS + start_timeout)) loaded
  loaded=$((SECONDS + 15 + 2 * $(<"$logs/loading")))
  if [ -n "${before:-}" ]; then echo "$*" >"$before/started"; fi
  systemctl daemon-reload
  systemctl enable -q "$@"
  # One that still ends its last task is started when it has.
  systemctl restart --no-block "$@"
  while [ $waits = true ]; do
    sleep 0.5
    waits=false
    for worker in "$@"; do
      case $worker in
        *.timer) state=$(is "$worker" ActiveState) ;; # and the command when it is time
        *) state=$(is "$worker" Type ActiveState NRestarts) ;;
      esac
      case $state in
        active | 'notify active 0' | *' deactivating '*) ;;
        'exec active 0') if [ $SECONDS -lt $loaded ]; then waits=true; fi ;;
        inactive | *' activating 0') if [ $SECONDS -lt $end ]; then waits=true; else gave_up "$worker" 'has not started'; fi ;;
        *) gave_up "$worker" 'does not stay up' ;;
      esac
    done
  done
}

gave_up() { # unit, what it does
  tell_of "$@"
  exit 1
}

is() { # unit, properties
  local property
  for property in "${@:2}"; do systemctl show -p "$property" --value "$1"; done | paste -sd ' '
}
