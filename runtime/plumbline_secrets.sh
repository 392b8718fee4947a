#!/bin/bash
# Fetches the secrets that /etc/gunicorn/secrets lists, a line each: variable, secretsmanager or ssm, ARN or name, and
# the field where the secret is a JSON object. Runs as root before each start of a service; systemd and the
# application's user are the only ones that read the result.
#
#     plumbline_secrets.sh                  writes all of them to secrets.env in the service's folder
#     plumbline_secrets.sh print VARIABLE   prints one as it is now; the application's user may do so
set -euo pipefail
shopt -s inherit_errexit
umask 077
# shellcheck source=/dev/null
. /usr/local/lib/plumbline/aws.sh

fetch() { # variable, service, id, field
  local target=secretsmanager.GetSecretValue request="{\"SecretId\":\"$3\"}" answer
  if [ "$2" = ssm ]; then
    target=AmazonSSM.GetParameter request="{\"Name\":\"$3\",\"WithDecryption\":true}"
  fi
  # shellcheck disable=SC2154 # aws.sh assigns region and suffix
  answer=$(aws "$2" -H "X-Amz-Target: $target" -H 'Content-Type: application/x-amz-json-1.1' -d "$request" \
    "https://$2.$region.$suffix/") || {
    echo "$1: $(sed -En 's/.*"__type": ?"([^"]*)".*/\1/p' <<<"$answer")"
    return 1
  } >&2
  # From a pipe: arguments can be read by every user.
  python3 -c '
import json, sys
form, variable, field = sys.argv[1:]
answer = json.load(sys.stdin)
value = answer["SecretString"] if "SecretString" in answer else answer["Parameter"]["Value"]
if field:
    value = str(json.loads(value)[field])
if form == "assignment":
    escaped = "".join("\\" + c if c in "\\\"$`" else c for c in value)
    value = f"{variable}=\"{escaped}\""
print(value)
' "$form" "$1" "$4" <<<"$answer"
}

each() { # variable, or nothing for all
  local variable service id field
  while read -r variable service id field; do
    if [ "${1:-$variable}" = "$variable" ]; then fetch "$variable" "$service" "$id" "$field"; fi
  done </etc/gunicorn/secrets
}

if [ "${1:-}" = print ]; then
  form=value
  each "$2"
  exit
fi
form=assignment folder=${RUNTIME_DIRECTORY:-/run/plumbline}
mkdir -p "$folder"
cd "$folder"
each >secrets.new
chown app: secrets.new
chmod 400 secrets.new
mv secrets.new secrets.env
