#!/usr/bin/env bash
# Lints all Python of the repository, and tests the files that run on the machine. Arguments go to pytest.
set -Eeuo pipefail

cd "$(dirname "$0")/../runtime"
env=$(../scripts/python-env.sh tests/requirements.txt)
export PYTHONDONTWRITEBYTECODE=1
"$env/bin/ruff" check --no-cache ..
"$env/bin/ruff" format --no-cache --check ..
"$env/bin/pytest" -p no:cacheprovider "$@"
