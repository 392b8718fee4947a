"""A query that takes too long ends in the server: the application gets an exception, and no backend works on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.changes import wait_for_load_balancer
from rig.database import Database, mariadb, postgresql
from rig.logs import Logs
from rig.machine import Machine
from rig.shell import wait_until

LIMIT = 10  # requestTimeout; statements end 3 s earlier
STATEMENT = 7
# PostgreSQL notices that a client is gone (client_connection_check_interval). MariaDB does not, and its statement
# timeout comes later than this.
ORPHAN = {"postgres": 10, "mysql": 4}


@pytest.fixture(params=["postgres", "mysql"])
def engine(request) -> str:
    return request.param


@pytest.fixture
def machine(data: Callable, engine: str) -> Machine:
    return data(engine)


@pytest.fixture
def database(machine: Machine, engine: str) -> Database:
    return {"postgres": postgresql, "mysql": mariadb}[engine](machine)


def test_a_query_over_the_statement_timeout_ends_in_the_server_and_in_the_client(machine, database, engine):
    logs = Logs(machine)
    answer = machine.get("/query?seconds=30")
    told = f"{answer.status} after {answer.seconds:.1f} s: {answer.text[:200]}"
    assert answer.status == 500, told
    assert STATEMENT - 0.5 < answer.seconds < STATEMENT + 1, told
    wait_until("the server has ended the statement", lambda: database.running() == 0, 1)
    exception = {"postgres": "QueryCanceled", "mysql": "max_statement_time exceeded"}[engine]
    assert exception in logs.journal()
    assert machine.get("/rows?token=next").json()["tokens"] == ["next", "next"]


@pytest.mark.parametrize("killed", ["the workers", "gunicorn's master"])
def test_a_process_that_is_killed_in_the_middle_of_a_query_leaves_nothing_behind(machine, database, engine, killed):
    master = "$(systemctl show --value -p MainPID gunicorn)"
    with ThreadPoolExecutor(1) as pool:
        query = pool.submit(machine.get, "/query?seconds=30")
        wait_until("the query runs", lambda: database.running() == 1, 5)
        machine.run(f"pkill -KILL -P {master}" if killed == "the workers" else f"kill -KILL {master}")
        wait_until("the query has ended", lambda: database.running() == 0, ORPHAN[engine])
        assert query.result().status == 502
    wait_for_load_balancer(machine)
