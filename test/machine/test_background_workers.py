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


NIGHTLY_FILE = "usr/local/lib/plumbline/nightly.py"
NIGHTLY = "from ledger import work; work.take_long('nightly', 3)\n"


@pytest.fixture
def nightly(machine):
    """The schedule of the goldens, every two seconds, with other lines."""
    units, golden = machine.guest.root / "etc/systemd/system", ROOT / "test/render/golden"
    (machine.guest.root / NIGHTLY_FILE).write_text(NIGHTLY)

    def install(limit: int, command: str, once: bool = False) -> None:
        service = (golden / "nightly.service").read_text()
        service = service.replace("TimeoutStartSec=306", f"TimeoutStartSec={limit}")
        service = service.replace("python manage.py nightly", command)
        if once:
            begin = "/srv/app/current/.venv/bin/python -m plumbline_schedule"
            lock = f"ExecCondition={begin} begin nightly 60\nExecStopPost={begin} end nightly\n"
            service = service.replace("ExecStart=/bin", f"{lock}ExecStart=/bin")
        (units / "nightly.service").write_text(service)
        timer = (golden / "nightly.timer").read_text()
        (units / "nightly.timer").write_text(timer.replace("Mon..Fri *-*-* 03:00:00 UTC", "*-*-* *:*:0/2 UTC"))
        machine.run(f"cp -r {ETC}/celery.service.d {ETC}/nightly.service.d")
        start = ". /usr/local/lib/plumbline/plumbline_workers.sh; logs=/run/plumbline-bootstrap start_timeout=60"
        machine.run(f"bash -euc '{start}; start_workers nightly.timer'")

    yield install
    machine.run("systemctl disable --now nightly.timer; systemctl kill nightly.service", check=False)
    machine.run(f"rm -rf {ETC}/nightly.*")
    machine.run("systemctl daemon-reload; systemctl reset-failed nightly.service", check=False)


def journal_of(machine: Machine, unit: str) -> str:
    return machine.run(f"journalctl -u {unit} -o cat")


@pytest.mark.parametrize("kind", ["celery"], indirect=True)
def test_a_schedule_runs_when_it_is_time_and_never_beside_itself(machine, nightly):
    nightly(30, f"python manage.py shell </{NIGHTLY_FILE}")
    wait_for(machine, "nightly", "ended", 40)
    assert "nightly.timer" in machine.run("systemctl list-timers --no-pager")
    wait_until("it runs again", lambda: events(machine, "nightly")["begun"] == 2, 20)
    # what a deployment does to the timer, and a machine that stops to the service
    machine.run("systemctl stop nightly.timer && systemctl stop nightly.service", timeout=60)
    assert events(machine, "nightly") == {"begun": 2, "ended": 2}
    assert machine.run("systemctl show -p Result --value nightly.service") == "success"


@pytest.mark.parametrize("kind", ["celery"], indirect=True)
def test_fails_a_scheduled_command_with_its_status_and_its_traceback_in_the_journal(machine, nightly):
    nightly(30, "python -c 'import nothing_of_the_kind'")
    why = "ModuleNotFoundError: No module named 'nothing_of_the_kind'"
    wait_until("its traceback is there", lambda: why in journal_of(machine, "nightly"), 30)
    machine.run("systemctl stop nightly.timer")
    assert "status=1/FAILURE" in journal_of(machine, "nightly").rpartition(why)[2]


@pytest.mark.parametrize("kind", ["celery"], indirect=True)
def test_fails_a_scheduled_command_that_is_over_its_time(machine, nightly):
    nightly(3, "sleep 300")
    wait_until("it has ended", lambda: "Failed with result 'timeout'" in journal_of(machine, "nightly"), 40)


@pytest.mark.parametrize("kind", ["celery"], indirect=True)
def test_a_schedule_that_runs_once_in_a_fleet_passes_where_another_machine_has_begun(machine, nightly):
    nightly(30, "echo this machine", once=True)
    wait_until("it has passed", lambda: "not here, another machine runs it" in journal_of(machine, "nightly"), 40)
    assert journal_of(machine, "nightly").splitlines().count("this machine") == 1
    assert machine.run("systemctl is-failed nightly.service", check=False) != "failed"


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
