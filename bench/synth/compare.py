#!/usr/bin/env python3
"""Compares the CPU time of `cdk synth` for the reference stack and for the same resources written by hand.
Fails when the target is missed.

usage: python3 bench/synth/compare.py [PAIRS]      after `npm ci`; the standard library is enough
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = "bin/reference.ts"
BY_HAND = "bench/synth/by-hand.ts"
MAX_RATIO = 1.10


def cpu_seconds(*command: str, **env: str) -> float:
    """User and system time of a command and of everything that it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | env
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def synth(app: str, output: str) -> float:
    return cpu_seconds("npx", "cdk", "synth", "--quiet", "--app", f"npx tsx {app}", "--output", output, CI="1")


def resource_types(output: str) -> Counter:
    [template] = Path(output).glob("*.template.json")
    return Counter(each["Type"] for each in json.loads(template.read_text())["Resources"].values())


def compare(pairs: int) -> bool:
    with tempfile.TemporaryDirectory() as reference, tempfile.TemporaryDirectory() as by_hand:
        # Warms the file cache, and shows what is compared.
        synth(REFERENCE, reference)
        synth(BY_HAND, by_hand)
        ours, theirs = resource_types(reference), resource_types(by_hand)
        if ours != theirs:
            sys.exit(f"not the same resources: only the reference has {ours - theirs}, only the other {theirs - ours}")

        ratios = []
        for number in range(pairs):
            # The order alternates, so neither has the warmer machine.
            if number % 2:
                hand = synth(BY_HAND, by_hand)
                ref = synth(REFERENCE, reference)
            else:
                ref = synth(REFERENCE, reference)
                hand = synth(BY_HAND, by_hand)
            ratios.append(ref / hand)
            print(f"reference {ref:5.2f} s   by hand {hand:5.2f} s   ratio {ref / hand:.3f}", flush=True)
    median = statistics.median(ratios)
    print(f"{sum(ours.values())} resources each; median ratio {median:.3f}, at most {MAX_RATIO:.2f}\n")
    return median <= MAX_RATIO


if __name__ == "__main__":
    sys.exit(0 if compare(int(sys.argv[1]) if len(sys.argv) > 1 else 7) else 1)
