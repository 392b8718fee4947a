"""The exception that one thread raises in another must land in the application's code, or not at all."""

import threading
import time
from types import SimpleNamespace

import plumbline_guard_limits
from plumbline_guard_limits import Deadline, ThreadLimit


def spin(until):
    while time.monotonic() < until:
        pass


def request(seconds):
    return SimpleNamespace(deadline=time.monotonic() + seconds, overdue=lambda: None)


def test_calls_that_end_at_their_deadline_are_hit_inside_or_not_at_all():
    limit = ThreadLimit(threads=4, patience=60)
    outcomes = {"ended": 0, "hit": 0, "astray": 0}

    def calls():
        for number in range(300):
            one = request(0.004)
            try:
                try:
                    limit.run(one, spin, one.deadline + (number % 21 - 10) * 0.0001)
                    outcomes["ended"] += 1
                except Deadline:
                    outcomes["hit"] += 1
                spin(time.monotonic() + 0.001)
            except Deadline:
                outcomes["astray"] += 1

    threads = [threading.Thread(target=calls) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes["astray"] == 0
    assert outcomes["ended"] > 0
    assert outcomes["hit"] > 0
    assert not limit.shots


def test_a_result_that_comes_while_the_exception_is_on_its_way_stands(monkeypatch):
    """The watcher has claimed the shot and fires it once the call is through."""
    limit = ThreadLimit(threads=4, patience=60)
    fired = threading.Event()
    really_raise = plumbline_guard_limits.raise_in_thread

    def fire_late(thread, exception):
        if exception:
            fired.set()
            time.sleep(0.1)
        really_raise(thread, exception)

    monkeypatch.setattr(plumbline_guard_limits, "raise_in_thread", fire_late)
    assert limit.run(request(0.05), lambda: fired.wait(5) and "result") == "result"
    spin(time.monotonic() + 0.2)
