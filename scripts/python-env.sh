#!/usr/bin/env bash
# Prints the folder of a virtual environment that holds a requirements file, made on first use.
# It lies in the user's cache, never in the checkout, and is named by what it holds, so a changed file gets a new one.
# usage: python-env.sh REQUIREMENTS
set -Eeuo pipefail

requirements=$1
python=${PYTHON:-python3}
key=$({ "$python" -c 'import sys; print(sys.executable, sys.version)'; cat "$requirements"; } | sha256sum | cut -c1-16)
env=${XDG_CACHE_HOME:-$HOME/.cache}/cdk-plumbline/python-$key

if [[ ! -e $env/complete ]]; then
  mkdir -p "$(dirname "$env")"
  exec 9>"$env.lock"
  flock 9
  if [[ ! -e $env/complete ]]; then
    rm -rf "$env"
    "$python" -m venv "$env" >&2
    "$env/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --requirement "$requirements" >&2
    touch "$env/complete"
    echo "Python packages are installed in $env ... $SECONDS s" >&2
  fi
fi
echo "$env"
