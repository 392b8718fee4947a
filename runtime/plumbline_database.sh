# shellcheck shell=bash disable=SC2154,SC2164 # the user data assigns what is not assigned here, and ends where a step fails
#
# The database server of the machine, which knows the application by its user: no password, no port.

database() {
  local folder
  # A volume of another machine may have other numbers for its users.
  for folder in $folders; do
    find "${folder#*:}" ! -user "$database_user" -exec chown -h "$database_user:$database_user" {} +
  done
  if [ "$database" = postgresql ]; then postgresql; else mysql_or_mariadb; fi
}

mysql_or_mariadb() {
  local client=mysql peer='WITH auth_socket' limit=''
  if [ "$database" = mariadb ]; then
    client=mariadb peer='VIA unix_socket' limit="WITH MAX_STATEMENT_TIME $statement_timeout"
  fi
  start_again "$database_unit" "$database_settings"
  "$client" <<EOF
CREATE DATABASE IF NOT EXISTS app CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS app@localhost IDENTIFIED $peer;
ALTER USER app@localhost IDENTIFIED $peer $limit;
GRANT ALL ON app.* TO app@localhost;
EOF
}

postgresql() {
  local include="include '$database_settings'"
  [ -e "$cluster_settings" ] || make_cluster
  grep -qxF "$include" "$cluster_settings" || echo "$include" >>"$cluster_settings"
  start_again "$database_unit" "$database_settings"
  cd /
  runuser -u postgres -- psql -qX -v ON_ERROR_STOP=1 -d postgres <<EOF
SELECT 'CREATE ROLE app LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') \gexec
ALTER ROLE app SET statement_timeout = '${statement_timeout}s';
SELECT 'CREATE DATABASE app OWNER app TEMPLATE template0' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'app') \gexec
\connect app
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
EOF
}
