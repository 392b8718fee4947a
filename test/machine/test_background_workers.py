"""Celery's and RQ's workers: a task that has begun ends, or runs again, whatever happens to the worker."""

import itertools
import time
from collections.abc import Callable

import pytest

from rig.changes import changed, read
from rig.deploy import ROOT
from rig.machine import Machine
from rig.shell import wait_until

ENVIRONMENT = "etc/gunicorn/environment"
ETC = "/etc/systemd/system"
EARLY = "SAMPLE_CONNECT_EARLY=1\n"


@pytest.fixture(params=["celery", "rq"], scope="module")
def kind(request) -> str:
    return request.param


@pytest.fixture
def machine(data: Callable, kind: str) -> Machine:
    return data("mysql", background_worker=kind)


@pytest.fixture
def units(kind: str) -> str:
    return {"celery": "celery", "rq": "rq@1 rq@2"}[kind]


@pytest.fixture
def enqueue(machine: Machine, request) -> Callable[..., list[str]]:
    numbers = itertools.count()

    def enqueue(count: int, seconds: float, delay: float = 0) -> list[str]:
        tokens = [f"{request.node.name[-40:]}-{next(numbers)}" for _ in range(count)]
        for token in tokens:
            answer = machine.get(f"/enqueue?token={token}&seconds={seconds}&delay={delay}")
            assert answer.status == 200, answer.text
        return tokens

    return enqueue


def events(machine: Machine, token: str) -> dict[str, int]:
    return machine.get(f"/entries?token={token}").json()["events"]


def wait_for(machine: Machine, token: str, event: str, seconds: float = 20) -> None:
    wait_until(f"{token} has {event}", lambda: event in events(machine, token), seconds)


def processes(machine: Machine, units: str) -> list[str]:
    """The children that work on tasks: Celery's are always there, RQ's as long as a task. RQ has one more, which queues
    what is due: those that work lead a process group of their own, it does not."""
    parents = ",".join(machine.run(f"systemctl show --value -p MainPID {units}").split())
    children = [line.split() for line in machine.run(f"ps -o pid=,pgid= --ppid {parents}", check=False).splitlines()]
    return [pid for pid, group in children if not units.startswith("rq") or pid == group]


def assert_each_ran_once(machine: Machine, tokens: list[str]) -> None:
    for token in tokens:
        wait_for(machine, token, "ended")
    assert [events(machine, token) for token in tokens] == [{"begun": 1, "ended": 1}] * len(tokens)


def test_tasks_run_side_by_side_in_as_many_processes_as_were_asked_for(machine, enqueue, units):
    tokens = enqueue(2, 2)
    for token in tokens:
        wait_for(machine, token, "begun")
    assert [events(machine, token) for token in tokens] == [{"begun": 1}] * 2
    assert len(processes(machine, units)) == 2
    assert_each_ran_once(machine, tokens)


def test_a_restart_during_a_task_lets_it_end_and_what_waits_runs_afterwards(machine, enqueue, units):
    tokens = enqueue(4, 2)
    wait_for(machine, tokens[0], "begun")
    machine.run(f"systemctl restart {units}", timeout=60)
    assert events(machine, tokens[0]) == {"begun": 1, "ended": 1}
    assert_each_ran_once(machine, tokens)


def test_a_task_that_always_meets_the_memory_limit_has_failed_and_the_queue_goes_on(machine, enqueue, units, kind):
    greedy = f"greedy-{kind}"
    with changed(machine, {ENVIRONMENT: read(machine, ENVIRONMENT) + "SAMPLE_EAT=1\n"}):
        assert machine.get(f"/enqueue?token={greedy}&seconds=2&mebibytes=4000").status == 200
    wait_for(machine, greedy, "begun")
    assert_each_ran_once(machine, enqueue(4, 0))
    said = {
        "celery": "WorkerLostError('Worker exited prematurely: signal 9 (SIGKILL)",
        "rq": "Work-horse terminated unexpectedly",
    }
    wait_until("it has failed", lambda: said[kind] in machine.run("journalctl -u 'celery*' -u 'rq@*' -o cat"), 60)
    assert_each_ran_once(machine, enqueue(4, 0))
    assert events(machine, greedy) == {"begun": 1}


def test_a_task_with_a_delay_runs_once_when_it_is_due(machine, enqueue):
    tokens = enqueue(2, 0, delay=8)
    time.sleep(3)
    assert [events(machine, token) for token in tokens] == [{}] * 2
    assert_each_ran_once(machine, tokens)


@pytest.mark.parametrize("kind", ["celery"], indirect=True)
def test_of_two_beats_one_queues_each_task_once(machine):
    rendered = (ROOT / "test/render/golden/celery-beat.service").read_text().replace(" mysite ", " sample ")
    units = machine.guest.root / "etc/systemd/system"
    beats = ["celery-beat", "celery-beat-2"]
    try:
        for beat in beats:
            (units / f"{beat}.service").write_text(rendered.replace("plumbline_celery-beat", f"plumbline_{beat}"))
            machine.run(f"cp -r {ETC}/celery.service.d {ETC}/{beat}.service.d")
            (units / f"{beat}.service.d/tick.conf").write_text("[Service]\nEnvironment=SAMPLE_TICK=1\n")
        machine.run(f"systemctl daemon-reload && systemctl start {' '.join(beats)}")
        wait_for(machine, "tick", "ended")
        before = events(machine, "tick")["begun"]
        time.sleep(5)
        assert machine.run(f"systemctl is-active {' '.join(beats)}").split() == ["active"] * 2
        assert events(machine, "tick")["begun"] - before in (4, 5, 6)
        journal = {beat: machine.run(f"journalctl -u {beat} -o cat") for beat in beats}
        assert sorted("another beat runs" in lines for lines in journal.values()) == [False, True]
    finally:
        machine.run(f"systemctl stop {' '.join(beats)}; rm -r {ETC}/celery-beat*; systemctl daemon-reload")


def test_no_task_fails_for_a_connection_that_the_parent_opened(machine, enqueue, units):
    file, before = machine.guest.root / ENVIRONMENT, read(machine, ENVIRONMENT)
    try:
        file.write_text(before + EARLY)
        machine.run(f"systemctl restart {units}", timeout=60)
        cursor = machine.run("journalctl -n 0 --show-cursor").rpartition("cursor: ")[2]
        assert_each_ran_once(machine, enqueue(20, 0.05))
        journal = machine.run(f"journalctl -u 'celery*' -u 'rq@*' -o cat --after-cursor='{cursor}'")
        assert "ERROR" not in journal
        assert "Traceback" not in journal
    finally:
        file.write_text(before)
        machine.run(f"systemctl restart {units}", timeout=60)


def test_the_workers_are_locked_in_like_the_service(machine, units):
    for unit in units.split():
        verdict = machine.run(f"systemd-analyze security --no-pager {unit}.service | tail -n 1")
        assert float(verdict.split(": ")[1].split()[0]) <= 2.0, verdict
