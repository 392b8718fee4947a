"""PgBouncer on the machine: all processes share few connections to a database in RDS, each for one transaction."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.changes import wait_for_load_balancer
from rig.load import closed_loop, open_loop
from rig.machine import Machine
from rig.shell import wait_until
from rig.tokens import send_tokens

APP = "npx tsx test/machine/apps/data.ts"
CONTEXT = {"database": "rds-postgres-pgbouncer", "preloadApp": "true", "workerClass": "gthread", "requestTimeout": "10"}
BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'"
RUNNING = f"{BACKENDS} AND state = 'active'"
RATE = 10


@pytest.fixture
def machine(shared: Callable) -> Machine:
    machine = shared(CONTEXT, APP)
    wait_for_load_balancer(machine)
    return machine


def test_it_runs_as_the_application_and_nobody_else_can_open_its_socket(machine):
    assert machine.run("systemctl show --value -p User pgbouncer") == "app"
    assert machine.run("ss -Hltn sport = 6432", check=False) == ""
    connect = "import socket; socket.socket(socket.AF_UNIX).connect('/run/pgbouncer/.s.PGSQL.6432')"
    assert "PermissionError" in machine.run(f'runuser -u www-data -- python3 -c "{connect}" 2>&1', check=False)


def test_nobody_reads_another_ones_rows_through_it(machine):
    found = send_tokens(machine, 1_000)
    assert (found.foreign, found.failed) == (0, [])


def test_the_server_sees_as_many_connections_as_were_planned_however_many_slots_are_busy(machine):
    connections = machine.plan["connections"]
    size, slots = connections["web"], machine.plan["appServer"]["slots"]
    most = 0
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(closed_loop, machine.http, ["/query?seconds=0.2"] * 20 * slots, slots)
        while not load.done():
            most = max(most, int(machine.database.ask(BACKENDS)))
        assert {answer.status for _, answer in load.result()} == {200}
    assert 1 < most <= size
    assert int(machine.run("ps -o rss= -C pgbouncer")) < 16 << 10, "more MiB than the plan counts"
    assert size < connections["total"] <= connections["maxConnections"]


def test_a_password_that_is_rotated_costs_no_request_and_no_restart(machine):
    processes = "systemctl show --value -p MainPID gunicorn pgbouncer"
    before = machine.run(processes)
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(open_loop, machine.http, "/rows?token=x", RATE, 10)
        time.sleep(2)
        machine.database.rotate()
        time.sleep(1)
        machine.database.end_backends()
        outcomes = load.result()
    assert {outcome.status for outcome in outcomes} == {200}
    assert machine.run(processes) == before


def test_a_query_whose_worker_was_killed_ends_in_the_server(machine):
    with ThreadPoolExecutor(1) as pool:
        query = pool.submit(machine.get, "/query?seconds=6")
        wait_until("the query runs", lambda: machine.database.ask(RUNNING) == "1", 5)
        machine.run("pkill -KILL -P $(systemctl show --value -p MainPID gunicorn)")
        assert query.result().status == 502
    wait_until("the query has ended", lambda: machine.database.ask(RUNNING) == "0", 3)
    wait_for_load_balancer(machine)


def test_no_password_lies_on_the_disk(machine):
    line = machine.run("cat /run/pgbouncer/databases.ini")
    password = line.rpartition("password='")[2].rstrip("'")
    assert len(password) > 20
    assert machine.run(f"grep -rIl '{password}' /etc /srv /var /usr/local /root", check=False) == ""
    assert machine.run("stat -c '%U %a' /run/pgbouncer/databases.ini") == "app 600"


def test_after_a_reboot_it_serves_again(machine):
    machine.guest.reboot()
    wait_for_load_balancer(machine)
    assert machine.get("/rows?token=x").json()["tokens"] == ["x", "x"]
