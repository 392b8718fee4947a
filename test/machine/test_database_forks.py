"""One connection, one process: whatever the application opens before the fork, nobody reads another one's rows.

The application is loaded in gunicorn's master (`preload_app`), where it opens a connection on purpose. Over a UNIX
socket a shared one is silent: each process takes the answer that comes first.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from rig.changes import changed, read, wait_for_load_balancer
from rig.http_client import Response
from rig.load import closed_loop
from rig.machine import Machine

ENVIRONMENT = "etc/gunicorn/environment"
GUNICORN = "etc/gunicorn/gunicorn.conf.py"
EARLY = "SAMPLE_CONNECT_EARLY=1\n"
REQUESTS = 10_000
AT_ONCE = 16


@dataclass
class Tokens:
    """What came back of the tokens that were sent through the database."""

    foreign: int = 0
    failed: list[Response] = field(default_factory=list)
    processes: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """By connection."""

    @property
    def connections(self) -> dict[int, int]:
        """How many each process used."""
        pids = [pid for pids in self.processes.values() for pid in pids]
        return {pid: pids.count(pid) for pid in pids}


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


@pytest.fixture
def machine(data: Callable, worker_class: str) -> Iterator[Machine]:
    machine = data("postgres", worker_class)
    with changed(machine, {ENVIRONMENT: read(machine, ENVIRONMENT) + EARLY}):
        wait_for_load_balancer(machine)
        yield machine


def test_nobody_reads_another_ones_rows(machine, worker_class):
    found = send_tokens(machine, REQUESTS)
    assert [(answer.status, answer.text[:200]) for answer in found.failed] == []
    assert found.foreign == 0
    assert {len(pids) for pids in found.processes.values()} == {1}, "processes shared a connection"
    per_worker = machine.plan["connections"]["perWorker"]
    assert max(found.connections.values()) <= per_worker
    if worker_class == "sync":
        assert set(found.connections.values()) == {1}


def test_without_the_hooks_the_same_requests_show_rows_of_others(data):
    machine = data("postgres", "sync")
    without = "plumbline_fork.close_inherited = plumbline_fork.refuse_shared = lambda *_: None\n"
    files = {
        ENVIRONMENT: read(machine, ENVIRONMENT) + EARLY,
        GUNICORN: read(machine, GUNICORN) + without,
    }
    with changed(machine, files):
        found = send_tokens(machine, 200)
    assert found.foreign or found.failed, "a connection was shared and nobody noticed"


def test_a_connection_that_the_hooks_cannot_close_keeps_the_service_from_serving(data):
    machine = data("postgres", "sync")
    opened = "import psycopg\n\nshared = psycopg.connect('host=/var/run/postgresql dbname=app user=app')\n"
    with changed(machine, {GUNICORN: read(machine, GUNICORN) + opened}, starts=False):
        refused = machine.get("/rows?token=x")
        journal = machine.run("journalctl -u gunicorn -n 100 -o cat")
    assert refused.status >= 500
    assert "master and workers share 1 connection(s) to the database" in journal
