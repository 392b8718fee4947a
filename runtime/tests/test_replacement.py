"""Which worker is replaced when, by gunicorn's own managing of workers, with processes that are only noted."""

import os
import signal
import tempfile
from types import SimpleNamespace

import pytest
from gunicorn.arbiter import Arbiter

import plumbline_guard_replacement
from plumbline_guard_replacement import OVERDUE, SERVING, has_told, replace_workers, tell

GRACEFUL = 9


class Log:
    def __init__(self):
        self.lines = []

    def info(self, text, *values):
        self.lines.append(text % values)

    error = info

    def debug(self, *_, **__):
        pass


class Workers(Arbiter):
    """gunicorn's arbiter with a clock of its own. A worker's number is its age and its process id."""

    def __init__(self, number):
        self.WORKERS = {}
        self._num_workers = None
        self.now = 1000.0
        self.log = Log()
        self.worker_age = 0
        self.signals = []
        self.ended = set()
        self.boot_codes = []
        self.reloaded = lambda: None
        self._last_logged_active_worker_count = None
        self.cfg = SimpleNamespace(
            graceful_timeout=GRACEFUL, enable_backlog_metric=False, nworkers_changed=lambda *_: None
        )
        self.num_workers = number

    def spawn_workers(self):
        for _ in range(self.num_workers - len(self.WORKERS)):
            self.spawn_worker()

    def spawn_worker(self):
        self.worker_age += 1
        self.boot_codes.append((Arbiter.WORKER_BOOT_ERROR, Arbiter.APP_LOAD_ERROR))
        file = tempfile.TemporaryFile()
        self.WORKERS[self.worker_age] = SimpleNamespace(pid=self.worker_age, age=self.worker_age, tmp=file)

    def kill_worker(self, pid, number):
        self.signals.append((pid, number))

    def reload(self):
        """As gunicorn's."""
        for _ in range(self.num_workers):
            self.spawn_worker()
        self.manage_workers()
        self.reloaded()

    def turn(self, seconds=1.0):
        """The main loop, once."""
        self.now += seconds
        self.manage_workers()

    def serve(self):
        for worker in self.WORKERS.values():
            tell(worker, SERVING)

    def overdue(self, *numbers):
        for number in numbers:
            tell(self.WORKERS[number], OVERDUE)

    def end(self, number):
        self.ended.add(number)
        self.reap_workers()

    def reap_workers(self):
        for number in self.ended & self.WORKERS.keys():
            del self.WORKERS[number]

    @property
    def running(self):
        return sorted(self.WORKERS)


@pytest.fixture
def workers(monkeypatch):
    """Four that serve: 1 to 4."""
    four = Workers(4)
    monkeypatch.setattr(plumbline_guard_replacement, "time", SimpleNamespace(monotonic=lambda: four.now))
    replace_workers(four)
    four.manage_workers()
    four.serve()
    return four


TOLD_TO_END = [(2, signal.SIGTERM)]
NOT_STARTED = "request guard: the successor did not start, the worker serves on, next attempt in 30 s (pid:2)"


def test_workers_that_ran_no_request_over_its_limit_are_left_alone(workers):
    workers.turn()
    assert (workers.running, workers.signals) == ([1, 2, 3, 4], [])


def test_a_worker_is_told_to_end_when_its_successor_serves_and_not_before(workers):
    workers.overdue(2)
    workers.turn()
    assert workers.running == [1, 2, 3, 4, 5]
    workers.turn(60)
    assert workers.signals == []
    workers.serve()
    workers.turn()
    assert workers.signals == TOLD_TO_END
    assert workers.log.lines == ["request guard: the worker has a successor and ends with its requests (pid:2)"]


def test_a_worker_that_ends_is_told_so_once_and_has_one_successor(workers):
    workers.overdue(2)
    workers.turn()
    workers.serve()
    for _ in range(5):
        workers.turn()
    assert (workers.running, workers.signals) == ([1, 2, 3, 4, 5], TOLD_TO_END)
    workers.end(2)
    for _ in range(100):
        workers.turn()
    assert (workers.running, workers.signals) == ([1, 3, 4, 5], TOLD_TO_END)


def test_one_worker_is_replaced_at_a_time_the_oldest_first(workers):
    workers.overdue(4, 3, 2)
    order = []
    for _ in range(1000):
        workers.turn()
        assert len(workers.running) <= 5
        workers.serve()
        for number, _ in workers.signals[len(order) :]:
            order.append(number)
            workers.end(number)
    assert order == [2, 3, 4]


def test_a_worker_that_is_overdue_again_and_again_waits_until_the_others_had_their_turn(workers):
    workers.overdue(1, 2, 3, 4)
    order = []
    for _ in range(1000):
        workers.turn()
        workers.serve()
        workers.overdue(*workers.running)
        for number, _ in workers.signals[len(order) :]:
            order.append(number)
            workers.end(number)
    assert order[:6] == [1, 2, 3, 4, 5, 6]


def test_starting_workers_takes_a_quarter_of_the_time_at_most(workers):
    workers.overdue(1, 2)
    workers.turn()  # 1001: 5 is started
    workers.serve()
    workers.turn(10)  # 1011: it has taken ten seconds
    workers.end(1)
    workers.turn(29.9)
    assert workers.running == [2, 3, 4, 5]
    workers.turn(0.1)  # 1041
    assert workers.running == [2, 3, 4, 5, 6]


def test_the_next_worker_waits_until_the_one_before_has_ended(workers):
    workers.overdue(1, 2)
    workers.turn()
    workers.serve()
    workers.turn()
    workers.turn(GRACEFUL)
    assert workers.running == [1, 2, 3, 4, 5]
    workers.end(1)
    workers.turn()
    assert workers.running == [2, 3, 4, 5, 6]


def test_a_worker_that_does_not_end_is_killed_two_seconds_after_graceful_timeout(workers):
    workers.overdue(2)
    workers.turn()
    workers.serve()
    workers.turn()
    workers.turn(GRACEFUL + 1.9)
    assert workers.signals == TOLD_TO_END
    workers.turn(0.1)
    assert workers.signals == [*TOLD_TO_END, (2, signal.SIGKILL)]
    assert workers.log.lines[1:] == ["request guard: the worker outlives graceful_timeout and is killed (pid:2)"]
    workers.turn(0.1)
    assert workers.signals == [*TOLD_TO_END, (2, signal.SIGKILL), (2, signal.SIGKILL)]


def test_a_worker_whose_successor_does_not_start_serves_on_and_has_another_one_half_a_minute_later(workers):
    workers.overdue(2)
    workers.turn()
    workers.end(5)
    workers.turn()
    workers.turn(29.9)
    assert (workers.running, workers.signals) == ([1, 2, 3, 4], [])
    assert workers.log.lines == [NOT_STARTED]
    workers.turn(0.1)
    workers.serve()
    workers.turn()
    assert (workers.running, workers.signals) == ([1, 2, 3, 4, 6], TOLD_TO_END)


def test_a_successor_that_hangs_while_it_starts_is_killed_and_the_worker_serves_on(workers):
    workers.overdue(2)
    workers.turn()
    workers.turn(299.9)
    assert workers.signals == []
    workers.turn(0.1)
    assert workers.signals == [(5, signal.SIGKILL)]
    workers.end(5)
    workers.turn()
    assert workers.log.lines == [NOT_STARTED]
    workers.turn(30)
    assert workers.running == [1, 2, 3, 4, 6]


def test_where_no_process_can_be_started_the_worker_serves_on(workers):
    def no_memory():
        raise OSError(12, "Cannot allocate memory")

    workers.overdue(2)
    workers.spawn_worker = no_memory
    workers.turn()
    workers.turn(29.9)
    assert (workers.running, workers.signals) == ([1, 2, 3, 4], [])
    assert workers.log.lines == ["request guard: [Errno 12] Cannot allocate memory", NOT_STARTED]
    del workers.spawn_worker
    workers.turn(0.1)
    assert workers.running == [1, 2, 3, 4, 5]


def test_a_successor_that_cannot_start_does_not_stop_gunicorn(workers):
    workers.overdue(2)
    workers.turn()
    assert workers.boot_codes == [(3, 4)] * 4 + [(1, 1)]


def test_a_worker_that_cannot_start_ends_gunicorn_where_no_other_serves(workers):
    workers.end(1)
    workers.turn()
    assert workers.boot_codes[-1] == (1, 1)
    for number in workers.running:
        workers.end(number)
    workers.turn()
    assert workers.boot_codes[-4:] == [(3, 4)] * 4


def test_a_worker_that_cannot_start_beside_others_is_tried_again_after_a_while(workers):
    workers.end(1)
    workers.turn()
    workers.end(5)
    workers.turn()
    workers.end(2)
    workers.turn(28)
    assert workers.running == [3, 4]
    assert workers.log.lines == ["request guard: a worker did not start, the others serve on, next attempt in 30 s"]
    workers.turn(2)
    assert workers.running == [3, 4, 6, 7]
    workers.serve()
    workers.turn()
    workers.end(7)  # one that has served is replaced at once
    workers.turn()
    assert workers.running == [3, 4, 6, 8]


def test_one_that_has_served_is_replaced_at_once_however_soon_it_ends(workers):
    workers.end(1)
    workers.turn()
    workers.serve()
    workers.end(5)
    workers.turn()
    assert workers.running == [2, 3, 4, 6]
    assert workers.log.lines == []


def test_one_that_has_served_while_another_was_replaced_is_replaced_at_once(workers):
    workers.end(1)
    workers.turn()
    workers.overdue(2)
    workers.turn()
    workers.serve()
    workers.turn()
    workers.end(5)
    workers.end(2)
    workers.turn()
    assert workers.running == [3, 4, 6, 7]
    assert all("did not start" not in line for line in workers.log.lines)


def test_a_worker_that_ends_by_itself_makes_room_for_its_successor(workers):
    workers.overdue(2)
    workers.turn()
    workers.end(2)
    workers.turn()
    workers.serve()
    workers.turn()
    assert (workers.running, workers.signals) == ([1, 3, 4, 5], [])


def test_another_worker_that_dies_meanwhile_is_replaced_at_once(workers):
    workers.overdue(2)
    workers.turn()
    workers.end(3)
    workers.turn()
    assert workers.running == [1, 2, 4, 5, 6]


def test_another_worker_that_cannot_load_meanwhile_is_not_started_all_the_time(workers):
    workers.overdue(2)
    workers.turn()
    workers.end(3)
    workers.turn()
    workers.end(6)
    workers.turn(4.9)
    assert workers.running == [1, 2, 4, 5]
    workers.turn(0.1)
    assert workers.running == [1, 2, 4, 5, 7]


def test_a_worker_whose_place_has_been_taken_away_meanwhile_needs_no_successor(workers):
    """SIGTTOU, and the worker is set aside before gunicorn counts."""
    workers.overdue(2)
    workers.num_workers = 3
    workers.turn()
    workers.turn()
    assert (workers.running, workers.signals) == ([1, 2, 3, 4], TOLD_TO_END)


def test_fewer_workers_and_more_are_counted_without_the_one_that_is_replaced(workers):
    workers.overdue(2)
    workers.turn()
    workers.num_workers = 3
    workers.turn()
    assert workers.signals == [(1, signal.SIGTERM)]  # the oldest of the others
    workers.num_workers = 5
    workers.turn()
    assert workers.running == [1, 2, 3, 4, 5, 6]


def test_a_reload_ends_all_workers_as_ever(workers):
    workers.overdue(2)
    workers.turn()
    workers.reload()
    assert workers.running == list(range(1, 10))
    assert workers.signals == [(number, signal.SIGTERM) for number in range(1, 6)]
    for number in range(1, 6):
        workers.end(number)
    workers.serve()
    workers.turn(100)
    assert workers.running == [6, 7, 8, 9]


def test_workers_are_replaced_again_after_a_reload_that_failed(workers):
    def fail():
        raise RuntimeError

    workers.reloaded = fail
    with pytest.raises(RuntimeError):
        workers.reload()
    for number in range(1, 5):
        workers.end(number)
    workers.signals.clear()
    workers.overdue(6)
    workers.turn()
    assert workers.running == [5, 6, 7, 8, 9]


def test_what_a_worker_tells_adds_up_and_leaves_the_heartbeat_alone(workers):
    worker = workers.WORKERS[1]
    os.utime(worker.tmp.fileno(), (5, 5))
    os.fchmod(worker.tmp.fileno(), 0o600)
    assert not has_told(worker, SERVING)
    tell(worker, OVERDUE)
    tell(worker, OVERDUE)
    assert (has_told(worker, SERVING), has_told(worker, OVERDUE)) == (False, True)
    tell(worker, SERVING)
    assert (has_told(worker, SERVING), has_told(worker, OVERDUE)) == (True, True)
    status = os.fstat(worker.tmp.fileno())
    assert (status.st_mtime, status.st_mode & 0o700) == (5, 0o600)
