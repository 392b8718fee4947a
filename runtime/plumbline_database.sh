# shellcheck shell=bash disable=SC2154,SC2164 # the user data assigns what is not assigned here, and ends where a step fails
#
# The database server of the machine, which knows the application by its user: no password, no port.

volume=/srv/data

database() {
  local folder owner
  owner=$(id -u "$database_user"):$(id -g "$database_user")
  # A new volume is root's, and one of another machine may have other numbers for its users. Not while the server runs:
  # whom the folders belong to could put links into root's way.
  for folder in $folders; do
    if [ "$(cat "$volume/${folder%%:*}.owner" 2>/dev/null)" = "$owner" ]; then continue; fi
    systemctl stop "$database_unit"
    chown -hR "$owner" "${folder#*:}"
    echo "$owner" >"$volume/${folder%%:*}.owner"
  done
  if [ "$database" = postgresql ]; then postgresql; else mysql_or_mariadb; fi
}

mysql_or_mariadb() {
  local client=mysql peer='WITH auth_socket' limit=''
  if [ "$database" = mariadb ]; then
    client=mariadb peer='VIA unix_socket' limit="WITH MAX_STATEMENT_TIME $statement_timeout"
  fi
  start_again "$database_unit" "$database_settings"
  # A client gives the server the files that it asks for, where that is not forbidden; this one is root's.
  "$client" --local-infile=0 <<EOF
CREATE DATABASE IF NOT EXISTS app CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS app@localhost IDENTIFIED $peer;
ALTER USER app@localhost IDENTIFIED $peer $limit;
GRANT ALL ON app.* TO app@localhost;
EOF
  time_zones "$client" || echo 'the database knows no time zones but UTC: CONVERT_TZ is NULL for others'
}

# Empty after an installation; they are part of the data, so a volume brings its own or none.
time_zones() { # client
  local known program=mysql_tzinfo_to_sql
  if [ "$1" = mariadb ]; then program=mariadb-tzinfo-to-sql; fi
  known=$("$1" --local-infile=0 -Ne "SELECT CONVERT_TZ('2000-01-01', 'UTC', 'Europe/Berlin') IS NOT NULL") || return
  if [ "$known" = 1 ]; then return; fi
  # It warns of each file that is no time zone.
  "$program" /usr/share/zoneinfo 2>/dev/null | "$1" --local-infile=0 mysql
}

postgresql() {
  local include="include '$database_settings'"
  cd /
  # As the user whose folders they are.
  [ -e "$cluster_settings" ] || runuser -u postgres -- bash -c "$(declare -f make_cluster); make_cluster"
  # shellcheck disable=SC2016 # expanded by that shell
  runuser -u postgres -- bash -c 'grep -qxF "$1" "$2" || echo "$1" >>"$2"' - "$include" "$cluster_settings"
  start_again "$database_unit" "$database_settings"
  runuser -u postgres -- psql -qX -v ON_ERROR_STOP=1 -d postgres <<EOF
SELECT 'CREATE ROLE app LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') \gexec
ALTER ROLE app SET statement_timeout = '${statement_timeout}s';
SELECT 'CREATE DATABASE app OWNER app TEMPLATE template0' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'app') \gexec
\connect app
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
EOF
}
