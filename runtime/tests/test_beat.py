"""Celery's beat with a real broker: one of those that are started runs, and each task is queued once."""

import contextlib
import json
import shelve
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
import redis

import plumbline_beat
from conftest import HERE

# the same in seconds instead of half a minute
QUICK = {"LIFE": 6, "KILLED": 5, "RENEWAL": 1, "ANSWER": 0.5}


class Beat:
    def __init__(self, folder, name, url, env={}, **seconds):
        self.log = folder / f"{name}.log"
        self.schedule = folder / f"{name}-schedule"
        changes = "".join(f"plumbline_beat.{name} = {value}; " for name, value in seconds.items())
        code = f"import plumbline_beat; {changes}plumbline_beat.main('ticks', {str(self.schedule)!r})"
        environment = {
            "PYTHONPATH": f"{HERE.parent}:{HERE / 'apps'}",
            "PYTHONUNBUFFERED": "1",
            "PLUMBLINE_BROKER_URL": url,
            **env,
        }
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=output, stderr=output)

    def says(self, text):
        return text in self.log.read_text()

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(timeout=10)

    @property
    def last_runs(self):
        with shelve.open(str(self.schedule)) as file:
            return {name: entry.total_run_count for name, entry in file["entries"].items()}


@pytest.fixture
def queued(queue):
    """Who has queued what waits now: process ids in order, and the queue is emptied."""

    def queued():
        with queue.pipeline() as both:
            messages, _ = both.lrange("celery", 0, -1).delete("celery").execute()
        origins = [json.loads(message)["headers"]["origin"] for message in reversed(messages)]
        return [int(origin.removeprefix("gen").partition("@")[0]) for origin in origins]

    return queued


@pytest.fixture
def url(broker):
    return f"redis+socket://{broker}?virtual_host=1"


@pytest.fixture
def beat(tmp_path, url, queue):
    beats = []

    def start(name, url=url, **options):
        beats.append(Beat(tmp_path, name, url, **options))
        return beats[-1]

    yield start
    for each in beats:
        each.process.kill()
        each.process.wait()


@pytest.fixture
def partition(broker, tmp_path):
    """A way to the broker that can be cut: what is sent stays without an answer, as in a network that drops packets."""
    path, open_way = tmp_path / "way.sock", threading.Event()
    open_way.set()

    def copy(source, target):
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                open_way.wait()
                target.sendall(chunk)
        target.close()

    def accept():
        while True:
            near, _ = listener.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(broker))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=copy, args=pair, daemon=True).start()

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    threading.Thread(target=accept, daemon=True).start()
    yield path, open_way
    open_way.set()


def wait_for(condition, seconds=15):
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds
        time.sleep(0.05)
    return time.monotonic() - start


def started(beat, name="first", **options):
    """A beat that runs."""
    one = beat(name, **options)
    wait_for(lambda: one.says("beat: Starting..."))
    return one


def waiting(beat, name="second", **options):
    one = beat(name, **options)
    wait_for(lambda: one.says("waiting, another beat runs"))
    return one


def test_one_of_two_beats_queues_and_the_other_says_once_that_it_waits(beat, queued):
    first, second = started(beat), waiting(beat)
    queued()
    time.sleep(5)
    assert queued() in ([first.process.pid] * count for count in (4, 5, 6))
    assert second.log.read_text() == "plumbline_beat: waiting, another beat runs\n"


def test_a_beat_that_is_stopped_makes_way_at_once(beat, queued):
    first, second = started(beat), waiting(beat)
    assert first.end(signal.SIGTERM) == 0
    assert wait_for(lambda: second.says("beat: Starting...")) < 5
    queued()
    assert wait_for(queued) < 3


def test_a_beat_that_waits_ends_when_it_is_stopped_and_leaves_the_lock_to_its_holder(beat, queued):
    first, second = started(beat), waiting(beat)
    assert second.end(signal.SIGTERM) == 0
    queued()
    wait_for(lambda: first.process.pid in queued())


def test_the_lock_of_a_beat_that_was_killed_expires(beat, queued):
    first, second = started(beat, **QUICK), waiting(beat, **QUICK)
    first.end(signal.SIGKILL)
    assert 3 < wait_for(lambda: second.says("beat: Starting...")) < 10
    wait_for(lambda: queued()[-1:] == [second.process.pid])


def test_a_beat_that_loses_the_broker_ends_before_another_starts(beat, queued, partition):
    path, open_way = partition
    first = started(beat, url=f"redis+socket://{path}?virtual_host=1", **QUICK)
    wait_for(queued)
    second = waiting(beat, **QUICK)
    open_way.clear()
    assert first.process.wait(timeout=10) == -signal.SIGALRM
    assert not second.says("beat: Starting...")
    assert first.says("the lock was not renewed, beat ends 5 s after the last time that it was: Timeout reading from")
    wait_for(lambda: second.says("beat: Starting..."))


def test_a_beat_that_was_suspended_longer_than_its_lock_lives_queues_nothing_more(beat, queued):
    first, second = started(beat, **QUICK), waiting(beat, **QUICK)
    first.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: second.says("beat: Starting..."))
    queued()
    assert first.end(signal.SIGCONT) == -signal.SIGALRM
    time.sleep(3)
    assert set(queued()) == {second.process.pid}


def test_a_beat_whose_lock_is_gone_ends(beat, queue):
    first = started(beat, **QUICK)
    queue.flushdb()
    assert first.process.wait(timeout=5) == -signal.SIGALRM
    assert first.says("the broker has lost the lock, or given it to another beat: ending")


def test_a_beat_waits_for_a_broker_that_does_not_answer_yet(beat, tmp_path, broker, queued):
    path = tmp_path / "later.sock"
    one = beat("first", url=f"redis+socket://{path}?virtual_host=1")
    wait_for(lambda: one.says("waiting, the broker does not answer: "))
    path.symlink_to(broker)
    wait_for(queued)


def test_a_project_s_own_scheduler_is_used(beat, queued):
    one = started(beat, env={"TICKS_SCHEDULER": "ticks:OwnScheduler"})
    assert one.says("scheduler -> ticks.OwnScheduler")
    wait_for(queued)


def test_a_beat_that_was_killed_knows_afterwards_when_each_task_ran_last(beat, queued):
    one = started(beat)
    time.sleep(4)
    one.end(signal.SIGKILL)
    count = len(queued())
    assert one.last_runs["tick"] in (count - 1, count)


def test_a_beat_that_comes_back_forgets_what_ran_before_another_one(queue, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    files = [tmp_path / name for name in ("here", "here.db", "here-wal")]
    for file in files:
        file.touch()
    plumbline_beat.move(queue, "schedule", str(here))
    assert all(file.exists() for file in files)
    plumbline_beat.move(queue, "schedule", str(there))
    plumbline_beat.move(queue, "schedule", str(here))
    assert not any(file.exists() for file in files)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"PLUMBLINE_BROKER_URL": "redis+socket:///run/cache.sock?virtual_host=1"}, {"path": "/run/cache.sock"}),
        (
            {"PLUMBLINE_BROKER_URL": "rediss://cache.example.com:6380/1", "PLUMBLINE_CACHE_PASSWORD": "a/b@c"},
            {"host": "cache.example.com", "port": 6380, "password": "a/b@c"},
        ),
    ],
)
def test_the_lock_is_where_the_tasks_are(environ, expected):
    pool = plumbline_beat.connect(environ).connection_pool
    assert pool.connection_kwargs.items() >= {"db": 1, **expected}.items()
    assert issubclass(pool.connection_class, redis.SSLConnection) == ("password" in expected)
