#!/bin/bash
# The packages of the release that is the working folder, into its .venv. The application's user runs this, since packages
# may bring code that Python runs at each start (.pth), this one's too.
#
#     plumbline_packages.sh UV PYTHON GUNICORN [DRIVER:MODULES ...]
set -euo pipefail
uv=$1 python=$2 wanted=("$3") locked=$CACHE_DIRECTORY/locked.txt
export UV_CACHE_DIR=$CACHE_DIRECTORY UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 \
  UV_COMPILE_BYTECODE=1

has_one() { # modules, separated by commas
  local module
  for module in ${1//,/ }; do
    if .venv/bin/python -c "import $module" 2>/dev/null; then return; fi
  done
  return 1
}

# Wheels only: a compiler would be needed otherwise.
"$uv" venv -q -p "$python" .venv
if [ -f uv.lock ]; then
  "$uv" export -q -p "$python" --frozen --no-dev --no-emit-project --no-header -o "$locked"
  wanted+=(-r "$locked")
elif [ -f requirements.txt ]; then
  wanted+=(-r requirements.txt)
else
  wanted+=(-r pyproject.toml)
fi
"$uv" pip install --no-build -p .venv "${wanted[@]}"
for driver in "${@:4}"; do
  has_one "${driver#*:}" || "$uv" pip install --no-build -p .venv "${driver%%:*}"
done
