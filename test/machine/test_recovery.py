"""What ends comes back by itself, and what is exchanged on purpose loses no request."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from rig.load import Outcome, open_loop
from rig.machine import Machine
from rig.shell import wait_until

RATE = 20
MASTER = "systemctl show --value -p MainPID gunicorn"


@pytest.fixture
def machine(shared) -> Machine:
    return shared()


@contextmanager
def steady_load(machine: Machine, seconds: float) -> Iterator[Future[list[Outcome]]]:
    """Requests that started a second before the block, and go on after it; their outcomes."""
    with ThreadPoolExecutor() as threads:
        load = threads.submit(open_loop, machine.http, "/", RATE, seconds)
        time.sleep(1)
        yield load


def workers(machine: Machine) -> set[str]:
    return set(machine.run(f"pgrep -P $({MASTER})", check=False).split())


def statuses(outcomes: list[Outcome]) -> Counter[int]:
    return Counter(outcome.status for outcome in outcomes)


def test_a_killed_worker_is_replaced_and_the_others_serve_on(machine):
    before = workers(machine)
    victim = sorted(before)[0]
    with steady_load(machine, 5) as load:
        machine.run(f"kill -KILL {victim}")
        wait_until("as many workers as before", lambda: len(workers(machine) - {victim}) == len(before), 10)
    # What the victim was working on died with it; at this rate that is one request at most.
    assert statuses(load.result())[200] >= 5 * RATE - 1
    assert machine.balancer.target_health() == "UP"


def test_a_killed_master_is_started_again(machine):
    before = machine.run(MASTER)
    machine.run(f"kill -KILL {before}")
    wait_until("another master", lambda: machine.run(MASTER) not in ("0", before), 20)
    machine.wait_for_service(20)
    assert machine.run("systemctl is-active gunicorn gunicorn.socket").split() == ["active"] * 2


def test_a_restart_under_steady_load_loses_no_request(machine):
    before = workers(machine)
    with steady_load(machine, 8) as load:
        machine.run("systemctl restart gunicorn")
    assert statuses(load.result()) == {200: 8 * RATE}
    assert workers(machine).isdisjoint(before)


def test_a_reload_under_steady_load_loses_no_request_not_even_one_that_outlasts_it(machine):
    before = workers(machine)
    with ThreadPoolExecutor() as threads:
        slow = threads.submit(machine.get, "/slow?seconds=9")
        with steady_load(machine, 10) as load:
            machine.run("systemctl reload gunicorn")
            wait_until("new workers", lambda: len(workers(machine) - before) == len(before), 10)
            assert not slow.done()
    assert statuses(load.result()) == {200: 10 * RATE}
    assert slow.result().status == 200
    wait_until("the old workers go", lambda: workers(machine).isdisjoint(before), 10)


def test_a_reload_of_nginx_under_steady_load_loses_no_request(machine):
    with steady_load(machine, 4) as load:
        machine.run("systemctl reload nginx")
    assert statuses(load.result()) == {200: 4 * RATE}


def test_a_rebooted_machine_serves_again_without_its_user_data(machine):
    calls = len(machine.calls)
    machine.guest.reboot()
    machine.wait_for_service()
    assert machine.run("systemctl is-system-running --wait") == "running"
    assert machine.run("systemctl --failed --no-legend") == ""
    # The secrets are on no disk, so they are fetched again; nothing else is asked of AWS.
    assert [f"{c.service}:{c.action}" for c in machine.calls[calls:]] == ["secretsmanager:GetSecretValue"]
    assert "Booting worker" in machine.run("journalctl --boot=-1 -u gunicorn --no-pager")
