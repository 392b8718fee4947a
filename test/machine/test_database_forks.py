"""One connection, one process: whatever the application opens before the fork, nobody reads another one's rows.

The application is loaded in gunicorn's master (`preload_app`), where it opens a connection on purpose. Over a UNIX
socket a shared one is silent: each process takes the answer that comes first.
"""

from collections.abc import Callable, Iterator

import pytest

from rig.changes import changed, read, wait_for_load_balancer
from rig.machine import Machine
from rig.preload import GUNICORN, of_class, opened_early, without_hooks
from rig.tokens import send_tokens

# 10,000 over the socket: PostgreSQL in three classes, MariaDB in two
POSTGRESQL, MARIADB = 2_800, 800


@pytest.fixture
def machine(data: Callable, worker_class: str) -> Iterator[Machine]:
    machine = data("postgres", worker_class)
    with changed(machine, opened_early(machine)):
        wait_for_load_balancer(machine)
        yield machine


def test_nobody_reads_another_ones_rows(machine, worker_class):
    found = send_tokens(machine, POSTGRESQL)
    found.assert_own()
    per_worker = machine.plan["connections"]["perWorker"]
    assert max(found.connections.values()) <= per_worker
    if worker_class == "sync":
        assert set(found.connections.values()) == {1}


def test_without_the_hooks_the_same_requests_show_rows_of_others(data):
    machine = data("postgres", "sync")
    with changed(machine, without_hooks(machine, opened_early(machine))):
        found = send_tokens(machine, 200)
    assert found.foreign or found.failed, "a connection was shared and nobody noticed"


def test_a_connection_that_the_hooks_cannot_close_keeps_the_service_from_serving(data):
    machine = data("postgres", "sync")
    opened = "import psycopg\n\nshared = psycopg.connect('host=/var/run/postgresql dbname=app user=app')\n"
    with changed(machine, {GUNICORN: read(machine, GUNICORN) + opened}, starts=False):
        refused = machine.direct.get(machine.balancer.settings.path)
        journal = machine.run("journalctl -u gunicorn -n 100 -o cat")
    assert refused.status >= 500
    assert "master and workers share 1 connection(s) to the database" in journal


@pytest.mark.parametrize("kept_class", ["gthread", "sync"])
def test_nobody_reads_another_ones_rows_in_mariadb(data, kept_class):
    machine = data("mysql")
    with changed(machine, opened_early(machine, of_class(machine, kept_class))):
        wait_for_load_balancer(machine)
        found = send_tokens(machine, MARIADB)
    found.assert_own()
    assert max(found.connections.values()) <= (1 if kept_class == "sync" else machine.plan["connections"]["perWorker"])
