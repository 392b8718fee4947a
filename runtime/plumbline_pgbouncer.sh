#!/bin/bash
# PgBouncer with the account that the secrets hold; pgbouncer.service runs it as the application's user.
#
# A password that was rotated: the server refuses the old one, PgBouncer logs that, and here the account is fetched anew.
# Connections that the server has let in serve on meanwhile.
set -euo pipefail
shopt -s inherit_errexit
umask 077
databases=$RUNTIME_DIRECTORY/databases.ini
# A rotation changes the server first and shows the secret when it has tested it, some seconds later.
pause=3

quoted() { # value of a connection string
  printf "'%s'" "${1//\'/\'\'}"
}

write_account() {
  local user=${PLUMBLINE_DATABASE_USER:-} password
  if [ -z "$user" ]; then user=$(secret PLUMBLINE_DATABASE_USER) || return; fi
  password=$(secret PLUMBLINE_DATABASE_PASSWORD) || return
  printf '[databases]\n* = %s user=%s password=%s\n' \
    "$(</etc/plumbline/pgbouncer.server)" "$(quoted "$user")" "$(quoted "$password")" >"$databases.new"
  mv "$databases.new" "$databases"
}

secret() { # variable
  python3 -I /usr/local/lib/plumbline/plumbline_secrets.py print "$1"
}

follow_log() { # what PgBouncer writes, to where it belongs
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line"
    if [[ $line == *'password authentication failed'* && $SECONDS -ge $pause ]]; then
      SECONDS=0
      write_account && kill -HUP $$
    fi
  done
}

write_account
# $$ is the process that PgBouncer takes over.
exec pgbouncer /etc/plumbline/pgbouncer.ini 2> >(follow_log)
