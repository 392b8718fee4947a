#!/usr/bin/env bash
# Changes lib/plan, or the folder of lib that the first argument names, in one place at a time and asks its tests each time.
# Further arguments go to Stryker.
set -Eeuo pipefail
cd "$(dirname "$0")/.."
MUTATE=${1:-plan} exec nice -n 15 node_modules/.bin/stryker run "${@:2}"
