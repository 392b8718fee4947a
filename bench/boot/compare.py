#!/usr/bin/env python3
"""Compares the time from the start of a machine to the first 200 through the load balancer: the reference stack with
its own user data, and with that of by-hand.sh. Fails when the target is missed.

usage: PYTHONPATH=test/machine "$(scripts/machine-env.sh)/bin/python" bench/boot/compare.py [--pairs N]
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

from rig import rootfs
from rig.machine import Machine, Options
from rig.run import Run

BY_HAND = Path(__file__).with_name("by-hand.sh")
SAMPLE = Path(__file__).resolve().parents[2] / "runtime" / "sample"
# Where cloud-init looks for its user data on the rig's machines.
USER_DATA = "var/lib/cloud/seed/nocloud/user-data"
# Where the rig's image, unlike an AMI, keeps apt from recommended packages and from translations.
APT_SETTINGS = "etc/apt/apt.conf.d/99mmdebstrap"
MAX_RATIO = 0.6


def project():
    """The sample on the image, as if it had been copied there before."""
    files = (path for path in SAMPLE.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {f"home/admin/site/{path.relative_to(SAMPLE)}": path.read_bytes() for path in files}


def seconds(run, files):
    machine = Machine(run, None, {"os": "debian-13"}, Options(files=files))
    try:
        start = time.monotonic()
        machine.guest.start()
        machine.wait_for_service(600)
        return time.monotonic() - start
    finally:
        machine.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--no-recommends", action="store_true", help="leave the rig's settings of apt as they are")
    arguments = parser.parse_args()
    image = {} if arguments.no_recommends else {APT_SETTINGS: b""}

    run = Run()
    try:
        rootfs.base()
        by_hand = image | project() | {USER_DATA: BY_HAND.read_bytes()}
        ratios = []
        print("| pair | this library | by hand | ratio |\n| --- | --- | --- | --- |")
        for pair in range(1, arguments.pairs + 1):
            ours, theirs = seconds(run, image), seconds(run, by_hand)
            ratios.append(ours / theirs)
            print(f"| {pair} | {ours:.1f} s | {theirs:.1f} s | {ratios[-1]:.2f} |", flush=True)
    finally:
        run.end()
    median = statistics.median(ratios)
    print(f"| median | | | **{median:.2f}** |")
    return median <= MAX_RATIO


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
