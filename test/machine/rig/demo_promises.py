"""What `npm run demo` shows: each promise, kept by ours, and what the usual services make of the same."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from .http_client import HttpClient
from .load import Outcome, open_loop
from .machine import Machine
from .shell import wait_until

T = TypeVar("T")

LIMIT = 5  # requestTimeout of the demo
RATE = 20  # requests a second of 0.1 s: what three workers of one request each serve with ease
STEADY = "/slow?seconds=0.1"
FLOOD, FLOOD_RATE, FLOOD_SECONDS = "/slow?seconds=0.25", 400, 3
PATIENCE = 3  # seconds after which clients of the flood, and those after it, give up
WATCH = 6  # seconds after the flood

WIDTHS = (36, 33, 31)


@dataclass(frozen=True)
class Side:
    """One of the two services on the machine."""

    machine: Machine
    client: HttpClient
    unit: str
    slots: int
    """What it works on at the same time."""

    def workers(self) -> set[str]:
        master = f"$(systemctl show --value -p MainPID {self.unit})"
        return set(self.machine.run(f"pgrep -P {master}", check=False).split())

    def load(self, path: str, rate: float, seconds: float, patience: float = 10) -> list[Outcome]:
        return open_loop(self.client, path, rate, seconds, patience)

    def serving(self) -> set[str]:
        """The workers that answer when every slot is asked for: those that have loaded the application."""
        answers = together(*[lambda: self.client.get("/slow?seconds=0.2")] * self.slots)
        return {str(answer.json()["pid"]) for answer in answers if answer.status == 200}

    def wait_for_every_worker(self) -> None:
        """Also until one that was replaced has ended."""
        self.wait_until("every worker serves", lambda: self.workers() <= self.serving(), 30)

    def wait_for_a_replacement(self, before: set[str]) -> None:
        """Of the worker that a request over the limit has cost: until then it is one of those that serve."""
        self.wait_until("a worker is replaced", lambda: not before <= self.workers(), 30)

    def wait_until(self, what: str, probe: Callable[[], T], seconds: float) -> T:
        try:
            return wait_until(what, probe, seconds)
        except TimeoutError as late:
            journal = self.machine.run(f"journalctl --no-pager -o short-precise -n 20 -u {self.unit}", check=False)
            raise TimeoutError(f"{late}\n--- {self.unit}\n{journal}") from late


def row(*cells: str) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def promises(ours: Side, usual: Side) -> Iterator[tuple[str, str, str]]:
    """What is done, what ours makes of it, and what the usual services do; each as soon as it is known."""
    both = (ours, usual)
    settle(both)
    under, over = LIMIT - 0.5, 4 * LIMIT
    # the first waits in C, as for a database: gunicorn can only kill a worker that does
    paths = (f"/stuck?seconds={under}&lock=released", f"/slow?seconds={over}")
    before = [side.workers() for side in both]
    cells = together(*(lambda s=s, p=p: answered(s, p) for p in paths for s in both))
    yield (f"a request of {under} s, the limit is {LIMIT}", *cells[:2])
    yield (f"a request of {over} s, over the limit", *cells[2:])
    together(*(lambda s=s, b=b: s.wait_for_a_replacement(b) for s, b in zip(both, before, strict=True)))
    settle(both)
    yield (f"a worker is killed, {RATE} requests/s", *together(*(lambda s=s: killed(s) for s in both)))
    settle(both)
    yield (f"a restart, {RATE} requests/s", *together(*(lambda s=s: restarted(s) for s in both)))
    settle(both)
    # one after the other, since both at once would be twice the flood
    floods = [flooded(side) for side in both]
    yield (f"a flood, {FLOOD_RATE * FLOOD_SECONDS} requests in {FLOOD_SECONDS} s", *(told for told, _ in floods))
    yield ("full service after the flood", *(after for _, after in floods))


def settle(sides: tuple[Side, ...]) -> None:
    together(*(side.wait_for_every_worker for side in sides))


def together(*calls: Callable[[], T]) -> list[T]:
    """What each returns, run at the same time; who interrupts this waits for none of them."""

    def run(call: Callable[[], T], result: Future) -> None:
        try:
            result.set_result(call())
        except BaseException as failed:
            result.set_exception(failed)

    results: list[Future] = [Future() for _ in calls]
    for call, result in zip(calls, results, strict=True):
        threading.Thread(target=run, args=(call, result), daemon=True).start()
    return [result.result() for result in results]


def answered(side: Side, path: str) -> str:
    answer = side.client.get(path)
    return f"{answer.status} after {answer.seconds:.1f} s"


def killed(side: Side) -> str:
    before = side.workers()

    def kill() -> float:
        time.sleep(0.5)
        since = time.monotonic()
        side.machine.run(f"kill -KILL {min(before)}")
        side.wait_until("another worker serves", lambda: side.serving() - before, 20)
        return time.monotonic() - since

    outcomes, seconds = together(lambda: side.load(STEADY, RATE, 3), kill)
    return f"{counted(outcomes)}, back in {seconds:.1f} s"


def restarted(side: Side) -> str:
    def restart() -> None:
        time.sleep(0.5)
        side.machine.run(f"systemctl restart {side.unit}")

    outcomes, _ = together(lambda: side.load(STEADY, RATE, 4), restart)
    return counted(outcomes)


def flooded(side: Side) -> tuple[str, str]:
    """What became of the flood, and when all is well again for a few clients that come after it."""

    def after() -> list[Outcome]:
        time.sleep(FLOOD_SECONDS)
        return side.load(STEADY, RATE, WATCH, PATIENCE)

    flood, later = together(lambda: side.load(FLOOD, FLOOD_RATE, FLOOD_SECONDS, PATIENCE), after)
    bad = [int(o.at - later[0].at) for o in later if o.status != 200 or o.seconds > 1]
    back = max(bad, default=-1) + 1
    told = f"after {back} s" if back < WATCH else f"not within {WATCH} s"
    return refusals(flood), told if back else "at once"


def counted(outcomes: list[Outcome]) -> str:
    good = sum(o.status == 200 for o in outcomes)
    return f"all {good} served" if good == len(outcomes) else f"{good} of {len(outcomes)} served"


def refusals(outcomes: list[Outcome]) -> str:
    statuses = Counter(o.status for o in outcomes)
    refused = sorted(o.seconds for o in outcomes if o.status == 503)
    others = len(outcomes) - statuses[200] - len(refused)
    parts = [f"{statuses[200]} served"]
    if refused:
        parts.append(f"{len(refused)} × 503 in {1000 * refused[len(refused) // 2]:.0f} ms")
    if others:
        parts.append(f"{others} in vain")
    return ", ".join(parts)
