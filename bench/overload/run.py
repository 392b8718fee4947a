"""Overload, side by side: python bench/overload/run.py [--quick]. See README.md."""

import argparse
import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from load import Phase, Pool, arrivals
from stacks import STACKS

# The clients are other machines: what they cost must not be taken from the service, nor may they wait for its work.
CORES = sorted(os.sched_getaffinity(0))
SERVICE_CORES, CLIENT_CORES = CORES[: len(CORES) // 2], CORES[len(CORES) // 2 :]

# name -> targets with shares, arrivals/s at 1x (the best peer's capacity), patience
WORKLOADS = {
    "cpu": ([("/cpu?ms=20", 1.0)], 47 * len(SERVICE_CORES), 5),
    "mixed": ([("/sleep?ms=10", 0.8), ("/sleep?ms=300", 0.2)], 330, 5),
    "slow": ([("/sleep?ms=1000", 1.0)], 25, 5),
    "tail": ([("/sleep?ms=10", 0.99), ("/sleep?ms=10000", 0.01)], 210, 15),
}


@dataclass
class Result:
    offered: float
    goodput: float
    second_half: float
    p50: float
    p99: float
    refused_p99: float
    waste: float
    slot_waste: float
    health_failed: str
    recovery: str
    lag: float


def percentile(values, share):
    return statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1] if len(values) > 1 else 0.0


@contextlib.contextmanager
def on(cores):
    """What is started meanwhile stays on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def check_health(port, failures, checks, patience=5):
    """What a load balancer does every second: a connection of its own for each check."""
    while True:
        checks.append(1)
        began = time.monotonic()
        try:
            async with asyncio.timeout(patience):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /health HTTP/1.1\r\nHost: 10.0.0.1\r\nConnection: close\r\n\r\n")
                status = await reader.readline()
                writer.close()
            if b" 200 " not in status:
                failures.append(1)
        except (OSError, TimeoutError):
            failures.append(1)
        await asyncio.sleep(max(0, 1 - (time.monotonic() - began)))


async def drive(stack, requests, patience):
    pool = Pool("127.0.0.1", stack.port, patience)
    failures, checks = [], []
    health = asyncio.create_task(check_health(stack.port, failures, checks))
    start = await pool.run(requests)
    health.cancel()
    return start, f"{len(failures)} of {len(checks)}"


def seconds_to_recover(requests, phase_start, limit):
    """Whole seconds after the load fell until 95 % of a second's requests are answered in time."""
    late = [request for request in requests if request.phase == "after"]
    if not late:
        return "-"
    by_second = {}
    for request in late:
        by_second.setdefault(int(request.due - phase_start), []).append(request.good and request.seconds <= limit)
    for second, fine in sorted(by_second.items()):
        if sum(fine) >= 0.95 * len(fine):
            return f"{second} s"
    return f"> {max(by_second)} s"


def measure(stack, mix, rate, load, patience, seconds, seed, quiet):
    """`quiet` seconds at half the load before and after `seconds` at `load`."""
    calm = 0.5 * rate
    phases = [Phase("before", quiet, calm), Phase("load", seconds, load * rate), Phase("after", 2 * quiet, calm)]
    requests = arrivals(phases, mix, seed)
    cpu = stack.cpu_seconds()
    with on(CLIENT_CORES):
        start, health = asyncio.run(drive(stack, requests, patience))
    cpu = stack.cpu_seconds() - cpu

    loaded = [request for request in requests if request.phase == "load"]
    good = [request for request in loaded if request.good]
    half = start + quiet + seconds / 2
    costs = [line.split() for line in stack.costs.read_text().splitlines()]
    wasted = [cost for cost in costs if not requests[int(cost[0])].good]
    before = [request.seconds for request in requests if request.phase == "before" and request.good]
    refused = [request.seconds for request in loaded if request.status == 503]
    return Result(
        offered=len(loaded) / seconds,
        goodput=len(good) / seconds,
        second_half=sum(request.due >= half for request in good) / (seconds / 2),
        p50=percentile([request.seconds for request in good], 0.5),
        p99=percentile([request.seconds for request in good], 0.99),
        refused_p99=percentile(refused, 0.99),
        waste=sum(float(cost[1]) for cost in wasted) / cpu,
        slot_waste=sum(float(cost[2]) for cost in wasted) / max(sum(float(cost[2]) for cost in costs), 1e-9),
        health_failed=health,
        recovery=seconds_to_recover(requests, start + quiet + seconds, max(0.5, 2 * percentile(before, 0.99))),
        lag=percentile([request.sent - request.due for request in loaded if request.sent], 0.99),
    )


COLUMNS = [
    "workload",
    "load",
    "configuration",
    "offered/s",
    "good/s",
    "2nd half",
    "p50 s",
    "p99 s",
    "p99 of 503s",
    "CPU wasted",
    "slots wasted",
    "health checks failed",
    "recovery",
    "send lag p99",
]


def row(workload, load, name, result):
    return [
        workload,
        f"{load:g}x",
        name,
        f"{result.offered:.0f}",
        f"{result.goodput:.1f}",
        f"{result.second_half:.1f}",
        f"{result.p50:.2f}",
        f"{result.p99:.2f}",
        f"{result.refused_p99:.2f}",
        f"{result.waste:.1%}",
        f"{result.slot_waste:.1%}",
        result.health_failed,
        result.recovery,
        f"{result.lag * 1000:.0f} ms",
    ]


def print_row(cells):
    print(f"| {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="4x for 6 s on cpu and slow only: does it still work")
    parser.add_argument("--workloads", default="cpu,mixed,slow,tail")
    parser.add_argument("--loads", default="0.85,2,4,10")
    parser.add_argument("--stacks", default=",".join(STACKS))
    parser.add_argument("--patience", type=float, help="seconds; 5, and 15 for tail, when not given")
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    quiet = 5
    if options.quick:
        options.workloads, options.loads, options.seconds, quiet = "cpu,slow", "4", 6, 2

    print_row(COLUMNS)
    print_row(["---"] * len(COLUMNS))
    for workload in options.workloads.split(","):
        mix, rate, patience = WORKLOADS[workload]
        for load in map(float, options.loads.split(",")):
            for name in options.stacks.split(","):
                with tempfile.TemporaryDirectory() as folder, on(SERVICE_CORES), STACKS[name](Path(folder)) as stack:
                    result = measure(
                        stack, mix, rate, load, options.patience or patience, options.seconds, options.seed, quiet
                    )
                print_row(row(workload, load, name, result))


if __name__ == "__main__":
    main()
