"""The connections that a machine opens at its worst moment are those that its plan has counted."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from rig.database import postgresql
from rig.load import open_loop
from rig.shell import wait_until

# Most of a request waits in the database, so that every slot holds a connection.
REQUEST = "/query?seconds=0.3"
TASKS = 8
SECONDS = 8


def test_a_reload_under_full_load_stays_within_the_budget(data: Callable, worker_class: str, record_testsuite_property):
    machine = data("postgres", worker_class)
    database, budget = postgresql(machine), machine.plan["connections"]
    master = machine.run("systemctl show --value -p MainPID gunicorn")
    before = set(machine.run(f"pgrep -P {master}").split())
    for number in range(TASKS):
        assert machine.get(f"/enqueue?token={worker_class}-{number}&seconds=1").status == 200
    rate = 1.5 * budget["web"] / 0.3
    with ThreadPoolExecutor(1) as pool, database.watched() as seen:
        load = pool.submit(open_loop, machine.direct, REQUEST, rate, SECONDS, 5)
        time.sleep(2)
        machine.run("systemctl reload gunicorn")
        load.result()
    after = set(machine.run(f"pgrep -P {master}").split())
    record_testsuite_property(f"connections of {worker_class}, most seen of planned", f"{max(seen)}/{budget['total']}")
    assert before.isdisjoint(after), "the workers were not exchanged"
    assert max(seen) >= budget["web"], f"the load did not fill the slots: {max(seen)} of {budget['web']} connections"
    assert max(seen) <= budget["web"] + budget["surge"] + budget["backgroundWorkers"]
    assert budget["total"] <= int(database.ask("SHOW max_connections"))


def test_every_task_of_meanwhile_has_ended(data: Callable, worker_class: str):
    machine = data("postgres", worker_class)

    def ended() -> bool:
        events = [machine.get(f"/entries?token={worker_class}-{number}").json()["events"] for number in range(TASKS)]
        return events == [{"begun": 1, "ended": 1}] * TASKS

    wait_until("every task has ended once", ended, 20)
