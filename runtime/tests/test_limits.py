"""What ends code at its deadline, in the tests' own process."""

import contextlib
import signal
import threading
import time
from types import SimpleNamespace

import gevent
import pytest

import plumbline_guard_limits
from plumbline_guard_limits import Alarm, AlarmLimit, Deadline, GreenletLimit, Shot, ThreadLimit, raise_in_thread


class Request:
    def __init__(self, seconds):
        self.deadline = time.monotonic() + seconds
        self.told = []

    def overdue(self):
        self.told.append("overdue")

    def stuck(self):
        self.told.append("stuck")


def work(seconds):
    """Python code that gives other greenlets and tasks no turn."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.002)
    return "done"


@pytest.fixture(params=[AlarmLimit, GreenletLimit, lambda: ThreadLimit(4, 60)], ids=["alarm", "greenlet", "thread"])
def limit(request):
    return request.param()


def test_a_call_in_time_has_its_result(limit):
    assert limit.run(Request(5), work, 0.05) == "done"


def test_what_a_call_raises_is_raised(limit):
    with pytest.raises(ZeroDivisionError):
        limit.run(Request(5), lambda: 1 / 0)


def test_a_call_is_ended_at_its_deadline(limit):
    began = time.monotonic()
    with pytest.raises(Deadline):
        limit.run(Request(0.3), work, 5)
    # a greenlet that gives the hub no turn has half a second more
    assert 0.3 <= time.monotonic() - began < 3


def test_a_call_that_swallows_it_is_asked_again_each_second(limit):
    raised = []

    def stubborn():
        for _ in range(2):
            with contextlib.suppress(Deadline):
                work(3)
            raised.append(time.monotonic())

    with contextlib.suppress(Deadline):
        limit.run(Request(0.2), stubborn)
    assert 0.8 <= raised[1] - raised[0] < 1.9


def test_after_a_call_nothing_is_raised(limit):
    request = Request(0.2)
    limit.run(request, work, 0.01)
    with contextlib.suppress(Deadline):
        limit.run(Request(0.2), work, 5)
    work(1.3)


def test_a_greenlet_that_waits_is_ended_at_its_deadline_and_others_are_not():
    limit = GreenletLimit()
    assert limit.alarm.grace == 0.5  # later than the hub's timer
    outcomes = []

    def nap(seconds, least):
        began = time.monotonic()
        try:
            outcomes.append(limit.run(Request(seconds), gevent.sleep, least))
        except Deadline:
            outcomes.append(time.monotonic() - began)

    gevent.joinall([gevent.spawn(nap, 0.2, 5), gevent.spawn(nap, 2, 0.5)])
    assert 0.2 <= outcomes[0] < 0.65
    assert outcomes[1] is None


def test_a_greenlet_that_swallows_it_while_it_waits_is_asked_again_each_second():
    limit = GreenletLimit()
    raised = []

    def stubborn():
        for _ in range(2):
            with contextlib.suppress(Deadline):
                gevent.sleep(3)
            raised.append(time.monotonic())

    with contextlib.suppress(Deadline):
        limit.run(Request(0.2), stubborn)
    assert 0.8 <= raised[1] - raised[0] < 1.9


def test_a_greenlets_time_begins_when_it_begins():
    """The hub's clock stands still while a greenlet runs."""
    limit = GreenletLimit()
    gevent.sleep(0)
    work(0.5)
    assert limit.run(Request(0.3), gevent.sleep, 0.1) is None


def test_an_alarm_hits_the_request_that_runs_and_no_other():
    """Tasks of one thread: the alarm rings for one while the code of another runs."""
    alarm = Alarm(grace=0.0)
    other, running = Request(0.1), Request(5)
    alarm.watch(other)
    alarm.watch(running)
    work(0.3)
    assert alarm.open[other] > time.monotonic()
    assert alarm.open[running] == running.deadline
    del alarm.open[running]
    alarm.watch(other)
    with pytest.raises(Deadline):
        work(3)
    alarm.open.clear()


def test_an_alarm_that_watches_nothing_is_not_armed():
    alarm = Alarm()
    alarm.watch(Request(0.1))
    alarm.open.clear()
    work(0.2)
    assert not alarm.armed
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    alarm.watch(Request(5))
    assert 4 < signal.getitimer(signal.ITIMER_REAL)[0] <= 5
    alarm.open.clear()
    alarm.arm()
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_an_alarm_for_what_is_over_already_rings_at_once():
    alarm = Alarm()
    request = Request(-1)

    def run():
        alarm.watch(request)
        work(3)

    with pytest.raises(Deadline):
        run()
    assert 0.5 < alarm.open[request] - time.monotonic() <= 1
    alarm.open.clear()


def test_an_alarm_is_set_for_the_nearest():
    alarm = Alarm(grace=0.5)
    for seconds in (5, 3, 9):
        alarm.open[Request(seconds)] = time.monotonic() + seconds
    alarm.arm()
    assert 2.5 < signal.getitimer(signal.ITIMER_REAL)[0] <= 3
    alarm.open.clear()
    alarm.watch(Request(1))
    alarm.open.clear()
    alarm.arm()


def test_a_deadline_passes_an_except_exception():
    assert not issubclass(Deadline, Exception)


def test_a_thread_is_reported_when_the_exception_is_raised_in_it():
    limit = ThreadLimit(4, 60)
    request = Request(0.1)
    with pytest.raises(Deadline):
        limit.run(request, work, 5)
    assert request.told == ["overdue"]


def test_an_earlier_deadline_wakes_the_watcher():
    limit = ThreadLimit(4, 60)
    time.sleep(0.05)
    began = time.monotonic()
    with pytest.raises(Deadline):
        limit.run(Request(0.1), work, 5)
    assert time.monotonic() - began < 0.8


def test_a_watcher_of_nothing_sleeps_for_a_second():
    limit = ThreadLimit(4, 60)
    time.sleep(0.1)
    assert 0.5 < limit.wakes_at - time.monotonic() < 1


@pytest.fixture
def unwatched(monkeypatch):
    """A limit whose watcher does not run, with two threads and a patience of 5 s."""
    monkeypatch.setattr(plumbline_guard_limits.threading, "Thread", lambda **_: SimpleNamespace(start=lambda: None))
    return ThreadLimit(threads=2, patience=5)


@pytest.mark.parametrize(("claimed_by", "told"), [("thread", []), (None, ["overdue"])])
def test_a_shot_that_its_thread_has_called_off_is_not_fired(unwatched, monkeypatch, claimed_by, told):
    raised = []
    monkeypatch.setattr(plumbline_guard_limits, "raise_in_thread", lambda *_: raised.append(1))
    request = Request(0)
    shot = Shot(request)
    if claimed_by:
        shot.claims[shot.number] = claimed_by
    unwatched.fire(shot)
    assert (request.told, len(raised)) == (told, len(told))


def taken(limit, *seconds_over):
    requests = [Request(-over) for over in seconds_over]
    for request in requests:
        limit.shots[Shot(request)] = True
    limit.end_if_stuck(time.monotonic())
    return [told for request in requests for told in request.told]


@pytest.mark.parametrize("seconds_over", [(5.1, 6), (5.1, 6, 7)])
def test_a_worker_all_of_whose_threads_are_given_up_is_stuck(unwatched, seconds_over):
    assert taken(unwatched, *seconds_over) == ["stuck"]


@pytest.mark.parametrize("seconds_over", [(), (6,), (4.9, 6), (-1, 6)])
def test_a_worker_with_a_thread_that_somebody_waits_for_is_not(unwatched, seconds_over):
    assert taken(unwatched, *seconds_over) == []


def test_an_exception_can_be_taken_back():
    """Raised and taken back while the thread waits in C, so that it cannot land in between."""
    outcome, ready, go = [], threading.Event(), threading.Lock()
    go.acquire()

    def wait():
        ready.set()
        try:
            go.acquire()
            work(0.1)
            outcome.append("spared")
        except Deadline:
            outcome.append("hit")

    thread = threading.Thread(target=wait)
    thread.start()
    ready.wait()
    time.sleep(0.1)
    raise_in_thread(thread.ident, Deadline)
    raise_in_thread(thread.ident, None)
    go.release()
    thread.join()
    assert outcome == ["spared"]
