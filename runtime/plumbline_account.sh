# shellcheck shell=bash disable=SC2154,SC2164 # the user data assigns what is not assigned here, and ends where a step fails
#
# The application's own account in a database of RDS. That of the administrator may do everything on the server; it is used
# once, to make the other one, by a program of ours under a user of its own: no code of the release ever sees it.

account() {
  local status=0
  account_driver
  secret_string "$account_user" | account_program || status=$?
  if [ $status = 3 ]; then # the server does not know it, or knows another password of it
    { secret_string "$account_user" && secret_string "$account_administrator"; } | account_program
  elif [ $status != 0 ]; then
    return $status
  fi
}

# Wheels only, and not the release's: pinned, and root's.
account_driver() {
  local driver=pymysql==1.2.4
  case $account in postgresql*) driver='psycopg[binary]==3.3.9' ;; esac
  if [ "$(cat "$lib/account/.driver" 2>/dev/null)" = "$driver" ]; then return; fi
  rm -rf "$lib/account"
  UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never "$lib/tools/bin/uv" pip install -q --no-config --no-cache --no-build -p "$python" \
    --target "$lib/account" "$driver"
  echo "$driver" >"$lib/account/.driver"
}

secret_string() { # ARN: a line of JSON
  local answer
  answer=$(aws secretsmanager -H 'X-Amz-Target: secretsmanager.GetSecretValue' \
    -H 'Content-Type: application/x-amz-json-1.1' -d "{\"SecretId\":\"$1\"}" "https://secretsmanager.$region.$suffix/") || {
    echo "$1: $(sed -En 's/.*"__type": ?"([^"]*)".*/\1/p' <<<"$answer")" >&2
    return 1
  }
  tr -d '\n' <<<"$answer"
  echo
}

# Secrets come by a pipe: arguments can be read by every user, and so can the environment of one's own processes.
account_program() {
  # shellcheck disable=SC2086 # a list
  systemd-run -q --wait --pipe --collect -p DynamicUser=yes -p NoNewPrivileges=yes -p ProtectHome=yes \
    -p "IPAddressDeny=$metadata_service" "$python" -I "$lib/plumbline_account.py" $account
}
