"""One connection, one process: whatever the application opens before the fork, nobody reads another one's rows.

The application is loaded in gunicorn's master (`preload_app`), where it opens a connection on purpose. Over a UNIX
socket a shared one is silent: each process takes the answer that comes first.
"""

from collections.abc import Callable, Iterator

import pytest

from rig.changes import changed, read, wait_for_load_balancer
from rig.machine import Machine
from rig.tokens import send_tokens

ENVIRONMENT = "etc/gunicorn/environment"
GUNICORN = "etc/gunicorn/gunicorn.conf.py"
EARLY = "SAMPLE_CONNECT_EARLY=1\n"
REQUESTS = 3_400  # in each of three classes


@pytest.fixture
def machine(data: Callable, worker_class: str) -> Iterator[Machine]:
    machine = data("postgres", worker_class)
    with changed(machine, {ENVIRONMENT: read(machine, ENVIRONMENT) + EARLY}):
        wait_for_load_balancer(machine)
        yield machine


def test_nobody_reads_another_ones_rows(machine, worker_class):
    found = send_tokens(machine, REQUESTS)
    found.assert_own()
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
