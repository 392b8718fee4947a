#!/usr/bin/env python3
"""Compares the CPU time of `cdk synth` for the reference stack and for the same resources written by hand,
and that of stacks with many web services. Fails when a target is missed.

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
# Linear growth is 1, quadratic 2.7.
MAX_GROWTH = 1.25


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


def grow(runs: int = 3) -> bool:
    def seconds(services: int) -> float:
        return min(cpu_seconds("npx", "tsx", "bench/synth/many.ts", str(services)) for _ in range(runs))

    few, some, many = (seconds(services) for services in (2, 26, 50))
    # The same 24 services more, at the start and at the end: linear growth is 1.
    growth = (many - some) / (some - few)
    print(f"2 services {few:.2f} s   26 services {some:.2f} s   50 services {many:.2f} s")
    print(f"the later 24 cost {growth:.3f} times the earlier 24, at most {MAX_GROWTH:.2f}")
    return growth <= MAX_GROWTH


if __name__ == "__main__":
    within = [compare(int(sys.argv[1]) if len(sys.argv) > 1 else 7), grow()]
    sys.exit(0 if all(within) else 1)
