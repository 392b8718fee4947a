#!/bin/bash
# The packages of the release that is the working folder, into its .venv. The application's user runs this, since packages bring
# code that runs when they are built, and at each start of Python (.pth), this one's too. What has no wheel is built. Where it lacks a
# compiler or a header for that, this ends, and plumbline_build.sh runs it again with what it lacked.
#
#     plumbline_packages.sh UV PYTHON GUNICORN REQUIREMENTS GROUPS EXTRAS APPLICATION [DRIVER:MODULES ...]
#
# REQUIREMENTS is the file, empty where it is looked for; GROUPS and EXTRAS are separated by commas. APPLICATION is the folder that it
# runs in, below the working folder, empty where it is that.
set -euo pipefail
uv=$1 python=$2 gunicorn=$3 wanted=$CACHE_DIRECTORY/wanted
here=$(dirname "$(realpath "$0")")
mkdir -p "$wanted" "$CACHE_DIRECTORY"/{tmp,home}
# Two builds at a time would need the memory of two.
export UV_CACHE_DIR=$CACHE_DIRECTORY/uv UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_COMPILE_BYTECODE=1 \
  UV_PREVIEW_FEATURES=pylock UV_CONCURRENT_BUILDS=1 TMPDIR=$CACHE_DIRECTORY/tmp HOME=$CACHE_DIRECTORY/home GIT_TERMINAL_PROMPT=0 \
  GIT_HTTP_LOW_SPEED_LIMIT=1 GIT_HTTP_LOW_SPEED_TIME=30 PYTHONDONTWRITEBYTECODE=1

install() {
  "$uv" pip install -p .venv "$@"
}

# Some packages are built without their C where there is no compiler, and are slow for good, without a word.
note_missing_compiler() {
  rm -rf "$CACHE_DIRECTORY/no-compiler" "$CACHE_DIRECTORY/asked-for-compiler"
  if command -v cc >/dev/null; then return; fi
  # shellcheck disable=SC2016 # for the script
  printf '#!/bin/sh\ntouch "$CACHE_DIRECTORY/asked-for-compiler"\necho "no compiler: cc" >&2\nexit 1\n' \
    >"$CACHE_DIRECTORY/no-compiler"
  chmod +x "$CACHE_DIRECTORY/no-compiler"
  export CC=$CACHE_DIRECTORY/no-compiler CXX=$CACHE_DIRECTORY/no-compiler
}

has_one() { # modules, separated by commas
  local module
  for module in ${1//,/ }; do
    if .venv/bin/python -c "import $module" 2>/dev/null; then return; fi
  done
  return 1
}

# The project itself, where it is a package: what lies in src/ can be imported then, and its version can be asked for.
itself() {
  [ -e "$wanted/itself" ] || return 0
  install -q --no-deps -e "$(<"$wanted/itself")" || echo 'the project itself could not be installed as a package: its modules are found in its folder alone'
}

options=()
if [ -n "$4" ]; then options+=(--requirements "$4"); fi
for group in ${5//,/ }; do options+=(--group "$group"); done
for extra in ${6//,/ }; do options+=(--extra "$extra"); done
if [ -n "$7" ]; then options+=(--application "$7"); fi
"$python" "$here/plumbline_requirements.py" "$wanted" --uv "$uv" --python "$python" --server "$gunicorn" "${options[@]}"

note_missing_compiler
"$uv" venv -q --allow-existing -p "$python" .venv
mapfile -t project <"$wanted/project"
mapfile -t sources <"$wanted/sources"
mapfile -t server <"$wanted/server"
install "${project[@]}"
if [ -e "$CACHE_DIRECTORY/asked-for-compiler" ]; then
  rm -rf "$CACHE_DIRECTORY"/uv/sdists-*
  echo 'error: a package was built without its C: no compiler: cc'
  exit 1
fi
itself
# Beside the project's own: hashes, where it has them, hold for all of a list, and the version that the plan is checked with wins.
install "${server[@]}"
for driver in "${@:8}"; do
  # A part of Django is nothing without it.
  case $driver in django-*) has_one django || continue ;; esac
  has_one "${driver#*:}" || install "${sources[@]}" "${driver%%:*}"
done
"$uv" pip check -q -p .venv || echo 'it is served all the same'
# What extensions that were built here link to, for those who take away what they were built with.
{ find .venv -name '*.so*' -type f -print0; find .venv/bin -type f -print0; } | { xargs -0 -r ldd 2>/dev/null || true; } |
  sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u >"$CACHE_DIRECTORY/linked"
