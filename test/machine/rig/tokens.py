"""Tokens that are sent through the database: another one that comes back is another process's row."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import uuid4

from .http_client import Response
from .load import closed_loop
from .machine import Machine

AT_ONCE = 16


@dataclass
class Tokens:
    """What came back."""

    foreign: int = 0
    failed: list[Response] = field(default_factory=list)
    processes: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """By connection."""

    @property
    def connections(self) -> dict[int, int]:
        """How many each process used."""
        pids = [pid for pids in self.processes.values() for pid in pids]
        return {pid: pids.count(pid) for pid in pids}

    def assert_own(self) -> None:
        """Every request got its own row, over a connection that no other process used."""
        assert [(answer.status, answer.text[:200]) for answer in self.failed] == []
        assert self.foreign == 0
        assert {len(pids) for pids in self.processes.values()} == {1}, "processes shared a connection"


def send_tokens(machine: Machine, count: int) -> Tokens:
    found = Tokens()
    for path, answer in closed_loop(machine.http, [f"/rows?token={uuid4().hex}" for _ in range(count)], AT_ONCE):
        if answer.status != 200:
            found.failed.append(answer)
            continue
        row = answer.json()
        found.foreign += {f"/rows?token={token}" for token in row["tokens"]} != {path}
        for backend in row["backends"]:
            found.processes[backend].add(row["pid"])
    return found
