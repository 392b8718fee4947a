#!/usr/bin/env bash
# Deploys and boots the reference stack, or a project of yours, on this host and without AWS, and shows what it promises.
# usage: npm run demo [-- --help]
set -Eeuo pipefail
cd "$(dirname "$0")/.."
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=test/machine

# What cannot be read is said before anything is installed.
command -v python3 >/dev/null && python3 -m rig.demo_arguments "$@"
for argument; do
  case $argument in
    -h | --help) exit ;;
    --yes) export PLUMBLINE_YES=1 ;;
  esac
done

env=$(scripts/machine-env.sh)
exec "$env/bin/python" -m rig.demo "$@"
