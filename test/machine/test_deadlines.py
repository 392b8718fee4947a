"""A request that takes as long as it may, and requests that take longer, through every hop, in every worker class."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import pytest

from rig.http_client import Response
from rig.logs import Logs
from rig.machine import Machine
from rig.shared_machines import SharedMachines, Wanted
from rig.shell import wait_until

LIMIT = 5  # requestTimeout; the plan makes 7 s of it for gunicorn's timeout and 11 s for nginx's proxy_read_timeout
IN_TIME = "/slow?seconds=4.5"
WAITS = "/slow?seconds=20"
COMPUTES = "/spin?seconds=20"
STUCK = "/stuck?seconds=20"  # in C, with the interpreter's lock: nothing else in the process goes on
STUCK_ALONE = "/stuck?seconds=20&lock=released"  # in C, as in a wait for a database: other threads go on

PREMATURE = "upstream prematurely closed connection while reading response header from upstream"
TIMED_OUT = "upstream timed out (110: Connection timed out) while reading response header from upstream"


@dataclass(frozen=True)
class Promise:
    """What the README's table promises for a request over requestTimeout."""

    status: int
    seconds: float
    nginx_error: str | None
    guard_line: bool


BY_THE_GUARD = Promise(504, LIMIT, None, guard_line=True)
# gunicorn looks every second and strikes twice: timeout + 0 to 2 s after the last sign of life
BY_THE_MASTER = Promise(502, LIMIT + 3, PREMATURE, guard_line=False)
BY_NGINX = Promise(504, LIMIT + 6, TIMED_OUT, guard_line=True)

PROMISES = {
    "sync": {
        WAITS: BY_THE_GUARD,
        COMPUTES: BY_THE_GUARD,
        STUCK: BY_THE_MASTER,
        STUCK_ALONE: BY_THE_MASTER,
    },
    "gthread": {
        WAITS: BY_THE_GUARD,
        COMPUTES: BY_THE_GUARD,
        STUCK: BY_THE_MASTER,
        STUCK_ALONE: BY_NGINX,
    },
    "gevent": {
        WAITS: BY_THE_GUARD,
        COMPUTES: BY_THE_GUARD,
        STUCK: BY_THE_MASTER,
        STUCK_ALONE: BY_THE_MASTER,
    },
    "asgi": {
        WAITS: BY_THE_GUARD,
        COMPUTES: BY_THE_GUARD,
        STUCK: BY_THE_MASTER,
        STUCK_ALONE: BY_THE_GUARD,
    },
}
WORKER_CLASSES = list(PROMISES)


@dataclass(frozen=True)
class Trial:
    """One machine's answers to all of it, and what its logs say."""

    answers: dict[str, Response]
    next_answers: dict[str, Response]
    nginx_errors: list[tuple[str, str]]
    gunicorn: list[str]


def promised_journal(promises: dict[str, Promise]) -> list[str]:
    lines = []
    for target, promise in promises.items():
        if promise.guard_line:
            path = target.split("?")[0]
            ends = f"ran longer than requestTimeout ({LIMIT} s), the worker is replaced (pid)"
            lines += [f"request guard: GET {path} {ends}"]
        if promise is BY_THE_MASTER:
            lines += ["WORKER TIMEOUT (pid)", "Worker (pid) was sent SIGKILL! Perhaps out of memory?"]
    return sorted(lines)


def try_all(machine: Machine, promises: dict[str, Promise]) -> Trial:
    logs = Logs(machine)
    answers, next_answers = {}, {}

    def ask(target: str) -> None:
        answers[target] = machine.get(target)
        next_answers[target] = machine.get("/")

    def ask_together(targets: list[str]) -> None:
        with ThreadPoolExecutor(len(targets)) as pool:
            asked = []
            for target in targets:
                asked.append(pool.submit(ask, target))
                # a worker that stands still takes nothing more, so the next request goes to another one
                time.sleep(0.5)
            for each in asked:
                each.result()

    ask_together([IN_TIME, WAITS])
    ask_together([STUCK, COMPUTES, STUCK_ALONE])
    # the master tells of a worker's end after the client has its answer
    with suppress(TimeoutError):
        wait_until("the journal is complete", lambda: len(logs.gunicorn()) >= len(promised_journal(promises)), 3)
    return Trial(answers, next_answers, logs.nginx_errors(), logs.gunicorn())


def context(worker_class: str) -> dict[str, str]:
    return {"requestTimeout": str(LIMIT)} | ({"workerClass": worker_class} if worker_class != "gthread" else {})


@pytest.fixture(scope="module")
def trials(request, shared: SharedMachines) -> dict[str, Trial]:
    """Of the classes that are asked for: booted side by side, tried one after the other."""
    here = [item for item in request.session.items if item.path == request.path]
    asked = [name for name in WORKER_CLASSES if any(item.callspec.params["worker_class"] == name for item in here)]
    shared.prepare(Wanted(context(name)) for name in asked)
    return {name: try_all(shared(context(name)), PROMISES[name]) for name in asked}


@pytest.fixture(params=WORKER_CLASSES)
def worker_class(request) -> str:
    return request.param


@pytest.fixture
def promises(worker_class: str) -> dict[str, Promise]:
    return PROMISES[worker_class]


@pytest.fixture
def trial(worker_class: str, trials: dict[str, Trial]) -> Trial:
    return trials[worker_class]


def test_a_request_just_under_the_request_timeout_gets_200_through_every_hop(trial):
    answer = trial.answers[IN_TIME]
    assert answer.status == 200, f"{answer.status} after {answer.seconds:.1f} s: {answer.text}"
    assert answer.json()["view"] == "slow"


@pytest.mark.parametrize("target", [WAITS, COMPUTES, STUCK, STUCK_ALONE])
def test_a_request_over_it_ends_as_promised(trial, promises, target):
    promise, answer = promises[target], trial.answers[target]
    got = f"{answer.status} after {answer.seconds:.1f} s: {answer.text[:200]}"
    assert answer.status == promise.status, f"promised {promise.status} after {promise.seconds:g} s, got {got}"
    assert answer.seconds >= LIMIT - 0.1, f"ended before requestTimeout ({LIMIT} s): {got}"
    assert abs(answer.seconds - promise.seconds) < 3, f"promised after {promise.seconds:g} s, got {got}"
    assert answer.headers.get("server") == "nginx", f"the load balancer answered, not the machine: {got}"


def test_the_next_request_is_fine_each_time(trial):
    got = {target: (answer.status, round(answer.seconds, 1)) for target, answer in trial.next_answers.items()}
    assert {status for status, _ in got.values()} == {200}, (
        f"a request right after an overdue one was not served: {got}"
    )
    assert max(seconds for _, seconds in got.values()) < 3, f"a request right after an overdue one had to wait: {got}"


def test_the_error_log_of_nginx_has_exactly_the_promised_lines(trial, promises):
    promised = [(target, promise.nginx_error) for target, promise in promises.items() if promise.nginx_error]
    assert sorted(trial.nginx_errors) == sorted(promised)


def test_the_journal_of_gunicorn_has_exactly_the_promised_lines(trial, promises):
    assert sorted(trial.gunicorn) == promised_journal(promises)
