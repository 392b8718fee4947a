"""Who is let in, and what is said about who is not: the guard in this process."""

import time

import pytest
from guard_numbers import Connection, fake_worker, set_age, set_numbers, stamp

import plumbline_guard_admission
from plumbline_guard_admission import Guard, head_and_body, mark_serving, printable
from plumbline_guard_replacement import OVERDUE, SERVING, has_told


@pytest.fixture
def guard(monkeypatch):
    """Five seconds after the last request that came through at once."""
    set_numbers(monkeypatch)
    set_age(plumbline_guard_admission.fresh_request, 5.1)
    return Guard(fake_worker())


def test_while_a_queue_stands_only_short_waits_are_served(guard):
    assert guard.is_late(0.26)
    assert not guard.is_late(0.24)


def test_a_request_that_comes_through_at_once_ends_the_standing_queue(guard):
    assert not guard.is_late(0.06)
    assert not guard.is_late(1.9)
    assert guard.is_late(2.1)


def test_a_request_that_waited_for_longer_than_a_quarter_of_a_short_wait_does_not(guard):
    assert not guard.is_late(0.07)
    assert guard.is_late(0.26)


def test_a_request_that_only_found_room_after_refusals_does_not_end_it(guard):
    assert guard.is_late(0.26)
    assert not guard.is_late(0)
    assert guard.is_late(0.26)


def test_refusals_are_forgotten_after_a_short_wait(guard):
    set_age(plumbline_guard_admission.late_request, 0.26)
    guard.is_late(0)
    assert not guard.is_late(1.9)


def test_no_queue_stands_after_a_quiet_time(guard):
    set_age(plumbline_guard_admission.latest_request, 5.1)
    assert not guard.is_late(1.9)


def test_a_queue_that_was_quiet_for_less_still_stands(guard):
    set_age(plumbline_guard_admission.latest_request, 4.9)
    assert guard.is_late(1.9)


def test_a_request_may_wait_for_queue_timeout_and_no_longer(guard):
    guard.is_late(0)
    assert not guard.is_late(1.99)
    assert guard.is_late(2.01)


@pytest.mark.parametrize(
    ("seconds_ago", "waited"),
    [(0, 0), (3, 3), (59.9, 59.9), (60.1, 0), (1000, 0), (-5, -5)],
    ids=["now", "before", "as long as nginx waits", "longer than nginx", "before the worker's start", "in the future"],
)
def test_a_wait_is_as_old_as_its_stamp_where_that_can_be(guard, monkeypatch, seconds_ago, waited):
    set_numbers(monkeypatch, booted=time.time() - 500)
    assert guard.waited(stamp(seconds_ago)) == pytest.approx(waited, abs=0.05)


def test_a_stamp_from_before_the_start_counts_for_nothing(guard, monkeypatch):
    set_numbers(monkeypatch, booted=time.time() - 1)
    assert guard.waited(stamp(2)) == 0


@pytest.mark.parametrize("stamp", ["", "t=", "t=soon", "t=nan"])
def test_a_stamp_that_is_none_counts_for_nothing(guard, stamp):
    assert guard.waited(stamp) == 0


@pytest.mark.parametrize("sent", [b"", b"unread"])
def test_a_client_has_gone_when_it_has_closed_whatever_it_sent_before(guard, sent):
    connection = Connection(sent)
    assert guard.hung_up(connection.server) is False
    connection.client.close()
    assert guard.hung_up(connection.server) is True
    connection.server.close()
    assert guard.hung_up(connection.server) is True


def test_refusals_are_counted_and_logged_every_ten_seconds(guard, monkeypatch):
    clock = 100.0
    monkeypatch.setattr(plumbline_guard_admission.time, "monotonic", lambda: clock)
    for why in ("late", "late", "gone"):
        assert guard.refuse(why) == (
            "503 Service Unavailable",
            [("Retry-After", "1"), ("X-Shed", why)],
            "the server is busy\n",
        )
    clock = 109.9
    guard.refuse("late")
    clock = 110.0
    guard.refuse("gone")
    clock = 119.9
    guard.refuse("gone")
    line = "request guard: {} requests refused as late and {} skipped as abandoned since the start (pid:7)"
    assert guard.worker.log.lines == [line.format(1, 0), line.format(3, 2)]


def test_the_health_check_is_answered_here_or_left_to_the_application(guard, monkeypatch):
    assert guard.health() == ("200 OK", [], "ok\n")
    set_numbers(monkeypatch, answer_health=False)
    assert guard.health() is None


def test_the_health_check_fails_while_the_master_is_silent(guard, monkeypatch):
    set_age(plumbline_guard_admission.master_beat, 1.9)
    assert guard.health()[0] == "200 OK"
    set_age(plumbline_guard_admission.master_beat, 2.1)
    assert guard.health() == ("503 Service Unavailable", [], "the gunicorn master hangs\n")


def test_a_worker_with_a_request_over_its_limit_is_marked_and_says_which_by_its_path_as_sent(guard):
    guard.overdue("GET", "/a%0a/b?secret=1", 5)
    guard.overdue("P\nST", "/\x1b[2J\xe9?a?b", 5)
    line = "request guard: {} ran longer than requestTimeout (5 s), the worker is replaced (pid:7)"
    assert guard.worker.log.lines == [line.format("GET /a%0a/b"), line.format(r"P\nST /\x1b[2J\xe9")]
    assert has_told(guard.worker, OVERDUE)
    assert not has_told(guard.worker, SERVING)


def test_a_worker_whose_threads_are_all_stuck_says_so_and_ends_at_once(guard, monkeypatch):
    codes = []
    monkeypatch.setattr(plumbline_guard_admission.os, "_exit", codes.append)
    guard.end_stuck()
    assert codes == [1]
    assert guard.worker.log.lines == [
        "request guard: every thread is stuck and nobody waits for it any more, the worker ends (pid:7)"
    ]


def test_what_is_answered_at_the_deadline_names_it(guard):
    text = "the request ran longer than requestTimeout (5 s)\n"
    assert guard.timed_out(5) == ("504 Gateway Timeout", [], text)
    assert head_and_body(guard.timed_out(5)) == (
        "504 Gateway Timeout",
        [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text)))],
        text.encode(),
    )


def test_headers_of_an_answer_stand_behind_those_of_its_body():
    assert head_and_body(("503 X", [("A", "b")], "\xe4"))[1] == [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", "2"),
        ("A", "b"),
    ]


def test_control_characters_are_escaped():
    assert printable("a\r\n\tb\x00 %0a") == r"a\r\n\tb\x00 %0a"


def test_a_worker_that_serves_tells_the_master_and_nginx(monkeypatch, tmp_path):
    set_numbers(monkeypatch, serving_file=str(tmp_path / "serving"))
    worker = fake_worker()
    mark_serving(worker)
    assert (tmp_path / "serving").exists()
    assert has_told(worker, SERVING)
    assert worker.log.lines == []


def test_a_serving_file_that_cannot_be_made_is_logged(monkeypatch):
    set_numbers(monkeypatch, serving_file="/dev/null/serving")
    worker = fake_worker()
    mark_serving(worker)
    assert has_told(worker, SERVING)
    assert worker.log.lines[0].startswith("request guard: cannot create /dev/null/serving: ")
