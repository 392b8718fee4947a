"""A database that is restarted, or that cuts connections: the application goes on by itself."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.database import Database, mariadb, postgresql
from rig.load import closed_loop, open_loop
from rig.machine import Machine

RATE = 40
PROCESSES = "pgrep -P $(systemctl show --value -p MainPID gunicorn); systemctl show --value -p MainPID gunicorn"


@pytest.fixture(params=["postgres", "mysql"])
def engine(request) -> str:
    return request.param


@pytest.fixture
def machine(data: Callable, engine: str) -> Machine:
    return data(engine)


@pytest.fixture
def database(machine: Machine, engine: str) -> Database:
    return {"postgres": postgresql, "mysql": mariadb}[engine](machine)


def test_errors_end_with_the_restart_and_nothing_of_the_application_is_restarted(machine, database):
    before = machine.run(PROCESSES)
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(open_loop, machine.http, "/rows?token=x", RATE, 5)
        time.sleep(1)
        down = time.time()
        machine.run(f"systemctl restart {database.unit}")
        back = time.time()
        failed = [outcome.at for outcome in load.result() if outcome.status != 200]
    assert all(down - 0.5 <= at <= back for at in failed), [round(at - back, 1) for at in failed]
    after = {outcome.status for outcome in open_loop(machine.http, "/rows?token=x", RATE, 3)}
    assert after == {200}, machine.run("journalctl -u gunicorn -o cat -n 60")
    assert machine.run(PROCESSES) == before


def test_connections_that_the_server_cut_while_idle_cost_no_request(machine, database):
    paths = ["/rows?token=x"] * 200
    closed_loop(machine.http, paths, 16)
    database.end_backends()
    answers = closed_loop(machine.http, paths, 16)
    assert {answer.status for _, answer in answers} == {200}
