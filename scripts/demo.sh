#!/usr/bin/env bash
# Deploys and boots the reference stack on this host, without AWS, asks it a few things and takes it down again.
# usage: npm run demo [-- --keep [--port 8080] [-c instanceType=t3.micro]]
set -Eeuo pipefail
cd "$(dirname "$0")/.."

env=$(scripts/machine-env.sh)
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=test/machine
exec "$env/bin/python" -m rig.demo "$@"
