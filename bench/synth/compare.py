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


def synth(app: str, validation: str) -> tuple[float, Counter]:
    """CPU seconds, and how many resources of each type came out."""
    with tempfile.TemporaryDirectory() as out:
        # by hand there is no database
        command = ("npx", "cdk", "synth", "--quiet", "-c", "database=none", "--app", f"npx tsx {app}", "--output", out)
        seconds = cpu_seconds(*command, CI="1", CDK_VALIDATION=validation)
        [template] = Path(out).glob("*.template.json")
        resources = json.loads(template.read_text())["Resources"].values()
        return seconds, Counter(each["Type"] for each in resources)


def compare(pairs: int, validation: str) -> float:
    """The median ratio of the pairs; their order alternates, so neither has the warmer machine."""
    ratios = []
    for number in range(pairs):
        apps = [REFERENCE, BY_HAND] if number % 2 else [BY_HAND, REFERENCE]
        seconds = {app: synth(app, validation)[0] for app in apps}
        ratios.append(seconds[REFERENCE] / seconds[BY_HAND])
        print(
            f"  reference {seconds[REFERENCE]:5.2f} s   by hand {seconds[BY_HAND]:5.2f} s   ratio {ratios[-1]:.3f}",
            flush=True,
        )
    return statistics.median(ratios)


def main(pairs: int) -> int:
    # Warms the file cache, and shows what is compared.
    ours, theirs = synth(REFERENCE, "false")[1], synth(BY_HAND, "false")[1]
    if ours != theirs:
        sys.exit(f"not the same resources: only the reference has {ours - theirs}, only the other {theirs - ours}")
    print(f"cdk synth, {sum(ours.values())} resources each, without CDK's own validation")
    median = compare(pairs, "false")
    print(f"median ratio {median:.3f}, at most {MAX_RATIO:.2f}\ncdk synth as it comes, with the validation")
    print(f"median ratio {compare(pairs, 'true'):.3f}")
    return 0 if median <= MAX_RATIO else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
