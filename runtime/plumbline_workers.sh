# shellcheck shell=bash disable=SC2154,SC2164 # the user data assigns what is not assigned here, and ends where a step fails
#
# The background workers. They start when the release serves, and end as soon as another one is on its way.

start_workers() { # units
  local worker end=$((SECONDS + 60))
  if [ -n "${before:-}" ]; then echo "$*" >"$before/started"; fi
  systemctl daemon-reload
  systemctl enable -q "$@"
  # One that still ends its last task is started when it has.
  systemctl restart --no-block "$@"
  for worker in "$@"; do
    while [ "$(is "$worker" ActiveState NRestarts)" = 'activating 0' ] && [ $SECONDS -lt $end ]; do sleep 0.2; done
  done
  # What cannot start ends at once, for example for a module that is missing.
  sleep 3
  for worker in "$@"; do
    case $(is "$worker" ActiveState NRestarts) in
      'active 0' | deactivating*) ;;
      *)
        journalctl -u "$worker" --since "@${began:-0}" -n 300 --no-pager -o cat
        echo "$worker does not stay up: $(journalctl -n 1 --no-pager -o cat "_SYSTEMD_UNIT=$worker.service")"
        return 1
        ;;
    esac
  done
}

is() { # unit, properties
  local property
  for property in "${@:2}"; do systemctl show -p "$property" --value "$1"; done | paste -sd ' '
}
