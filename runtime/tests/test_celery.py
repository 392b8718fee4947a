"""Celery's workers with a real broker: how often a task runs, whatever becomes of its worker."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import redis

from conftest import HERE

VISIBILITY = 4
OWN = {"visibility_timeout": VISIBILITY, "unacked_restore_interval": 1, "unacked_restore_throttle": 1}
PROJECT = {"CELERY_BROKER_TRANSPORT_OPTIONS": OWN}


@pytest.fixture
def queue(broker):
    client = redis.Redis(unix_socket_path=str(broker), db=1, decode_responses=True)
    client.flushdb()
    yield client
    client.flushdb()


@pytest.fixture
def environment(broker):
    # without the Django project that other tests have set up in this process
    return {
        **{name: value for name, value in os.environ.items() if "SETTINGS_MODULE" not in name},
        "PYTHONPATH": f"{HERE.parent}:{HERE / 'apps'}",
        "PLUMBLINE_BROKER_URL": f"redis+socket://{broker}?virtual_host=1",
        "PLUMBLINE_TASK_TIMEOUT": "30",
        "PLUMBLINE_VISIBILITY_TIMEOUT": "3600",
        "PLUMBLINE_LEAST_VISIBILITY_TIMEOUT": "3",
    }


class Worker:
    def __init__(self, name, folder, environment, project, *, include="--include plumbline_celery"):
        self.log = folder / f"{name}.log"
        command = f"-m celery -A jobs worker -n {name} --loglevel INFO --concurrency 1 {include} --time-limit 30"
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, *command.split()],
                env={**environment, "PROJECT": json.dumps(project)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def says(self, text):
        return text in self.log.read_text()

    def die(self):
        """With all its processes, as a machine does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def worker(tmp_path, environment, queue):
    workers = []

    def start(name="first", project=PROJECT, env={}, **options):
        workers.append(Worker(name, tmp_path, environment | env, project, **options))
        return workers[-1]

    yield start
    for each in workers:
        if each.process.poll() is None:
            each.die()


def started(worker, *names, **options):
    workers = [worker(name, **options) for name in names]
    for each in workers:
        wait_for(lambda each=each: each.says(" ready."), each)
    return workers


@pytest.fixture
def send(environment):
    def send(task, *arguments, project=PROJECT, **options):
        code = f"import jobs; print(jobs.{task}.apply_async({arguments!r}, **{options!r}).id)"
        env = {**environment, "PROJECT": json.dumps(project)}
        return subprocess.check_output([sys.executable, "-c", code], env=env, text=True).strip()

    return send


@pytest.fixture
def runs(queue):
    return lambda token: [line.split()[0] for line in queue.lrange(f"runs:{token}", 0, -1)]


def wait_for(condition, worker=None, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, worker and worker.log.read_text()
        time.sleep(0.1)


@pytest.mark.parametrize(("task", "expected"), [("work", 1), ("try_again", 2)])
def test_a_countdown_or_a_retry_beyond_the_visibility_timeout_runs_once(worker, send, runs, task, expected):
    first, _ = started(worker, "first@here", "second@here")
    delay = 3 * VISIBILITY
    if task == "work":
        send(task, "late", countdown=delay)
    else:
        send(task, "late", delay)
    wait_for(lambda: len(runs("late")) == expected, first, delay + 10)
    time.sleep(2)
    assert len(runs("late")) == expected


def test_without_signs_of_life_it_runs_several_times(worker, send, runs):
    """The contrast: what the test above is about."""
    first, _ = started(worker, "first@here", "second@here", include="")
    send("work", "late", countdown=3 * VISIBILITY)
    wait_for(lambda: len(runs("late")) > 1, first, 3 * VISIBILITY + 10)


def test_a_task_that_works_longer_than_the_visibility_timeout_runs_once(worker, send, runs):
    first, second = started(worker, "first@here", "second@here")
    send("work", "long", 3 * VISIBILITY)
    wait_for(lambda: first.says("succeeded") or second.says("succeeded"), first, 3 * VISIBILITY + 10)
    assert len(runs("long")) == 1


def test_a_task_of_a_machine_that_dies_runs_again_on_another_one(worker, send, runs):
    first, second = started(worker, "first@here", "second@here")
    workers = {"first@here": first, "second@here": second}
    send("work", "lost", 20)
    wait_for(lambda: runs("lost"), first)
    [dead] = runs("lost")
    workers.pop(dead).die()
    wait_for(lambda: len(runs("lost")) == 2, first, VISIBILITY + 10)
    assert runs("lost")[1:] == list(workers)


def test_a_delayed_task_of_a_machine_that_dies_runs_when_it_is_due(worker, send, runs):
    first, second = started(worker, "first@here", "second@here")
    send("work", "lost", countdown=2 * VISIBILITY)
    wait_for(lambda: first.says("received") or second.says("received"), first)
    dead, alive = (first, second) if first.says("received") else (second, first)
    dead.die()
    wait_for(lambda: runs("lost"), alive, 4 * VISIBILITY)
    time.sleep(VISIBILITY)
    assert len(runs("lost")) == 1


def test_a_task_whose_process_is_killed_has_failed_and_the_next_one_runs(worker, send, runs, queue):
    [first] = started(worker, "first@here")
    identity = send("be_killed", "poison")
    send("work", "next")
    wait_for(lambda: runs("next"), first)
    time.sleep(2 * VISIBILITY)
    assert len(runs("poison")) == 1
    assert json.loads(queue.get(f"celery-task-meta-{identity}"))["status"] == "FAILURE"
    assert first.says("WorkerLostError('Worker exited prematurely: signal 9 (SIGKILL)")


class TestProjectsOwnSettings:
    def test_a_visibility_timeout_stands(self, worker):
        [first] = started(worker, "first@here")
        assert not first.says("must be at least")

    def test_fails_where_it_is_shorter_than_a_task(self, worker):
        first = worker(env={"PLUMBLINE_LEAST_VISIBILITY_TIMEOUT": "360"})
        assert first.process.wait(timeout=20) == 1
        assert first.log.read_text().splitlines()[-1] == (
            "visibility_timeout (4 s) must be at least 360 s, 60 s more than taskTimeout and longestDelay, else the "
            "broker gives a task to a second worker while the first still has it; "
            "raise it in broker_transport_options, or leave it out [N20]"
        )

    @pytest.mark.parametrize(
        ("project", "env", "name"),
        [
            ({"CELERY_TASK_TIME_LIMIT": 45}, {}, "task_time_limit"),
            ({"CELERY_TASK_SOFT_TIME_LIMIT": 45}, {}, "task_soft_time_limit"),
            ({}, {"LONG_TASK": "45"}, "time_limit of jobs.long"),
        ],
    )
    def test_fails_where_a_task_may_run_longer_than_its_unit_waits(self, worker, project, env, name):
        first = worker(project=project, env=env)
        assert first.process.wait(timeout=20) == 1
        assert first.log.read_text().splitlines()[-1] == (
            f"{name} (45 s) must be at most taskTimeout (30 s), else systemd kills a task that may still run; "
            "raise taskTimeout of the BackgroundWorker [N19]"
        )

    def test_a_shorter_time_limit_stands(self, worker, send):
        project = {"CELERY_TASK_TIME_LIMIT": 1}
        [first] = started(worker, "first@here", project=project)
        send("work", "long", 20, project=project)
        wait_for(lambda: first.says("Hard time limit (1s) exceeded"), first)


def test_systemd_learns_that_a_worker_has_started_once_it_takes_tasks(worker, tmp_path):
    path = str(tmp_path / "notify")
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(path)
    systemd.settimeout(20)
    first = worker(env={"NOTIFY_SOCKET": path})
    assert systemd.recv(100) == b"READY=1"
    wait_for(lambda: first.says(" ready."), first)


def test_systemd_does_not_learn_of_a_worker_without_a_broker(worker, environment, tmp_path):
    path = str(tmp_path / "notify")
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(path)
    systemd.settimeout(0.5)
    first = worker(env={"NOTIFY_SOCKET": path, "PLUMBLINE_BROKER_URL": f"redis+socket://{tmp_path}/none"})
    wait_for(lambda: first.says("Cannot connect"), first)
    with pytest.raises(TimeoutError):
        systemd.recv(100)
