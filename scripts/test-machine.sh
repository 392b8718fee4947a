#!/usr/bin/env bash
# Boots real machines from the synthesized stack, without AWS. Arguments go to pytest.
# Wants Linux, root and apt; everything else it installs, or makes in the user's cache.
set -Eeuo pipefail
cd "$(dirname "$0")/.."

env=$(scripts/machine-env.sh)
export PYTHONDONTWRITEBYTECODE=1
cd test/machine
exec "$env/bin/pytest" -p no:cacheprovider "$@"
