#!/bin/bash
# The secrets that /etc/gunicorn/secrets lists, a line each: variable, secretsmanager or ssm, ARN or name, and the field
# where the secret is a JSON object; or variable, `composed`, and a URL with {VARIABLE} where others of them go. This is
# root's part: it reads and writes nothing that another user may write, and its environment is systemd's alone.
#
#     plumbline_secrets.sh write     all of them, to the file that systemd reads before it starts the application; or those of
#                                    another list, to another file: write LIST FILE
#     plumbline_secrets.sh passwords LIST GROUP    what nginx asks for, a file for each line of LIST, the path of a location and an ARN,
#                                    which GROUP may read: nginx looks there at each request
#     plumbline_secrets.sh answer    who asks at plumbline_secrets.socket: see plumbline_secrets.py
set -euo pipefail
shopt -s inherit_errexit
umask 077
folder=/run/plumbline-secrets list=${2:-/etc/gunicorn/secrets} file=${3:-environment}
# shellcheck source=/dev/null
. /usr/local/lib/plumbline/aws.sh

declare -A answers # by service and id: several variables may be fields of one secret

ask_aws() { # variable, service, id
  local target=secretsmanager.GetSecretValue request="{\"SecretId\":\"$3\"}"
  if [ "${answers[$2 $3]+known}" ]; then return; fi
  if [ "$2" = ssm ]; then
    target=AmazonSSM.GetParameter request="{\"Name\":\"$3\",\"WithDecryption\":true}"
  fi
  # shellcheck disable=SC2154 # aws.sh assigns region and suffix
  answers[$2 $3]=$(aws "$2" -H "X-Amz-Target: $target" -H 'Content-Type: application/x-amz-json-1.1' -d "$request" \
    "https://$2.$region.$suffix/") || {
    echo "$1: $(sed -En 's/.*"__type": ?"([^"]*)".*/\1/p' <<<"${answers[$2 $3]}")"
    unset "answers[$2 $3]"
    return 1
  } >&2
}

fetch() { # form: assignment for systemd, object of JSON, or the value alone; variable, service, id, field
  if [ "$3" = composed ]; then
    compose "$1" "$2" "$4"
    return
  fi
  ask_aws "${@:2:3}" || return
  # From a pipe: arguments can be read by every user.
  python3 -I -c '
import json, sys
form, variable, field = sys.argv[1:]
answer = json.load(sys.stdin)
value = answer["SecretString"] if "SecretString" in answer else answer["Parameter"]["Value"]
if field:
    try:
        value = str(json.loads(value)[field])
    except (ValueError, KeyError, TypeError):
        sys.exit(f"{variable}: the secret is no JSON object with a field {field}")
if form == "assignment":
    escaped = "".join("\\" + c if c in "\\\"$`" else c for c in value)
    value = f"{variable}=\"{escaped}\""
print(json.dumps({variable: value}) if form == "object" else value)
' "$1" "$2" "$5" <<<"${answers[$3 $4]}"
}

# As a URL has it: what is reserved in one is percent-encoded, which leaves nothing that systemd would read as its own.
compose() { # form, variable, URL
  local url=$3 name value
  while [[ $url =~ \{([A-Z_]+)\} ]]; do
    name=${BASH_REMATCH[1]}
    value=$(value_of "$name") || return
    value=$(python3 -I -c 'import sys, urllib.parse as url; print(url.quote(sys.stdin.read()[:-1], safe=""))' <<<"$value")
    url=${url//"{$name}"/"$value"}
  done
  case $1 in
  assignment) echo "$2=\"$url\"" ;;
  object) python3 -I -c 'import json, sys; print(json.dumps({sys.argv[1]: sys.stdin.read()[:-1]}))' "$2" <<<"$url" ;;
  value) echo "$url" ;;
  esac
}

fetch_listed() { # form, variables: all of them where none is named
  local form=$1 variable service id field
  shift
  while read -r variable service id field; do
    [[ $# -gt 0 && " $* " != *" $variable "* ]] || fetch "$form" "$variable" "$service" "$id" "$field" || return
  done <"$list"
}

write() {
  local new
  install -d -m 700 "$folder"
  new=$(mktemp "$folder/environment.XXXXXX") || return
  fetch_listed assignment >"$new" || {
    rm "$new"
    return 1
  }
  mv "$new" "$folder/$file"
}

passwords() {
  local path id new folder=/etc/nginx/passwords group=$file
  install -d -m 750 -g "$group" "$folder"
  while read -r path id; do
    ask_aws "basicAuth of $path" secretsmanager "$id" || return
    new=$(mktemp "$folder/.XXXXXX") || return
    python3 -I "$(dirname "$0")/plumbline_passwords.py" "$path" <<<"${answers[secretsmanager $id]}" >"$new" || {
      rm "$new"
      return 1
    }
    chgrp "$group" "$new"
    chmod 640 "$new"
    mv "$new" "$folder/${path//\//:}"
  done <"$list"
}

value_of() { # variable
  if ! grep -q "^$1 " "$list"; then
    echo "$1 is no secret of this machine" >&2
    return 1
  fi
  fetch_listed value "$1"
}

# A line in, variables or nothing for all of them; a line of JSON out, with the values of those that are secrets.
answer() {
  local text why key=error
  local -a variables
  IFS=' ' read -r -t 5 -n 256 -a variables
  why=$(mktemp "$folder/why.XXXXXX")
  if text=$(if [ "${#variables[@]}" -gt 0 ]; then fetch_listed object "${variables[@]}"; else write; fi 2>"$why"); then
    key=values
  else
    text=$(<"$why")
  fi
  rm "$why"
  python3 -I -c '
import json, sys
lines = sys.stdin.read().splitlines()
if sys.argv[1] == "values":
    said = dict(pair for line in lines if line for pair in json.loads(line).items())
else:
    said = "\n".join(lines)
print(json.dumps({sys.argv[1]: said}))
' "$key" <<<"$text"
  # It keeps its place among the MaxConnections= of the socket: three a second, on two cores (run), are all that the
  # application can cause. Longer, and the workers would have a rotated password later than a pool gives up (5 s).
  sleep 0.2
}

"$1"
