"""A worker that ran a request over its limit is replaced, and whoever else sends requests notices nothing."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

OVERDUE = "ran longer than requestTimeout"
NOT_STARTED = "the successor did not start"
SOON = "import plumbline_guard_replacement; plumbline_guard_replacement.RETRY = 1"


@pytest.fixture
def changing_server(own_server, worker_class):
    """One worker, of an application that starts as `start` says from now on."""

    def begin(start, **options):
        app = f"changing:{'asgi_' if worker_class == 'asgi' else ''}application"
        server = own_server(worker_class, app=app, **options)
        server.starts = server.folder / "start"
        server.starts.write_text(start)
        return server

    return begin


def children(server):
    """Process ids of the master's children."""
    tasks = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return tasks.read_text().split()


def test_a_worker_serves_until_its_successor_has_loaded_the_application(changing_server):
    server = changing_server("3", limit=3)
    old = server.get("/quick").pid
    assert server.get("/naps?20").status == 504
    began = time.monotonic()
    answers = []
    while not answers or answers[-1].pid == old:
        answers.append(server.get("/quick"))
        assert time.monotonic() - began < 15
        time.sleep(0.05)
    assert {answer.status for answer in answers} == {200}
    assert time.monotonic() - began > 2.5
    assert max(answer.seconds for answer in answers) < 1.5
    server.wait_for(lambda: "Worker exiting" in server.log(), "the old worker's end")
    assert server.log().count("Booting worker") == 2


def test_a_worker_whose_successor_cannot_start_serves_on_and_is_replaced_when_it_can(changing_server):
    server = changing_server("no number", first=SOON)
    old = server.get("/quick").pid
    assert server.get("/naps?20").status == 504
    server.wait_for(lambda: server.log().count(NOT_STARTED) >= 2, "the second attempt", 20)
    assert server.get("/quick").pid == old
    server.starts.write_text("0")
    server.wait_for_another_worker(old)


@pytest.mark.parametrize("worker_class", ["asgi"])
def test_a_worker_whose_successor_fails_in_its_lifespan_serves_on(changing_server):
    server = changing_server("no lifespan")
    old = server.get("/quick").pid
    assert server.get("/naps?20").status == 504
    server.wait_for(lambda: NOT_STARTED in server.log(), "the failure")
    assert server.get("/quick").pid == old


@pytest.mark.parametrize("worker_class", ["gthread", "gevent", "asgi"])
def test_requests_that_are_over_the_limit_together_cost_one_worker(own_server, worker_class):
    server = own_server(worker_class)
    with ThreadPoolExecutor(4) as pool:
        assert {answer.status for answer in pool.map(server.get, ["/naps?20"] * 4)} == {504}
    server.wait_for(lambda: "Worker exiting" in server.log(), "the old worker's end")
    time.sleep(2.5)
    assert server.log().count(OVERDUE) == 4
    assert server.log().count("Booting worker") == 2


@pytest.mark.parametrize("worker_class", ["gthread"])
def test_a_view_that_always_runs_over_its_limit_does_not_slow_the_others(changing_server):
    """Once all four workers stopped accepting at the same time, for as long as their successors took to start."""
    server = changing_server("2", workers=4)
    server.wait_for(lambda: server.log().count("Booting worker") == 4, "the workers")
    end = time.monotonic() + 12
    seconds, most = [], 0

    def hammer():
        while time.monotonic() < end:
            server.get("/naps?20")

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(hammer)
        while time.monotonic() < end:
            answer = server.get("/quick")
            assert answer.status == 200
            seconds.append(answer.seconds)
            most = max(most, len(children(server)))
            time.sleep(0.1)
    assert sorted(seconds)[int(0.95 * len(seconds))] < 1
    assert server.log().count(OVERDUE) > 20
    assert most == 5


@pytest.mark.parametrize("worker_class", ["gthread"])
def test_a_worker_all_of_whose_threads_are_stuck_ends_when_nobody_waits_for_them(own_server, worker_class):
    server = own_server(worker_class, threads=2, read_timeout=3, more="graceful_timeout = 60")
    with ThreadPoolExecutor(2) as pool:
        stuck = [pool.submit(server.get, "/c?40") for _ in range(2)]
        server.wait_for(lambda: "every thread is stuck and nobody waits" in server.log(), "its end", 20)
        assert {one.result().status for one in stuck} == {0}
    assert all(3 <= one.result().seconds < 6 for one in stuck)
    assert server.get("/quick").status == 200


def test_a_reload_while_a_worker_is_replaced_replaces_all(changing_server):
    server = changing_server("2", limit=2)
    old = server.get("/quick").pid
    assert server.get("/naps?20").status == 504
    server.wait_for(lambda: server.log().count("Booting worker") == 2, "the successor")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for(lambda: server.log().count("Worker exiting") == 2, "the end of both", 20)
    server.wait_for(lambda: len(children(server)) == 1, "the end of both", 20)
    assert server.get("/quick").pid != old
    assert server.log().count("Booting worker") == 3


def test_a_worker_that_is_told_to_end_while_it_starts_drops_no_request(changing_server):
    """As in a reload, or a restart, while a worker is replaced. Whoever waits in the socket waits for the next one."""
    server = changing_server("2", limit=5)
    os.kill(server.get("/quick").pid, signal.SIGKILL)
    server.wait_for(lambda: server.log().count("Booting worker") == 2, "the next worker")
    time.sleep(0.5)
    [starting] = children(server)
    os.kill(int(starting), signal.SIGTERM)
    with ThreadPoolExecutor(3) as pool:
        assert [answer.status for answer in pool.map(server.get, ["/quick"] * 3)] == [200] * 3


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
def test_a_worker_that_retires_by_max_requests_meanwhile_is_replaced_once(changing_server):
    server = changing_server("2", limit=2, more="max_requests = 3")
    old = server.get("/quick").pid
    assert server.get("/naps?20").status == 504
    server.get("/quick")
    server.wait_for_another_worker(old)
    time.sleep(2)
    assert server.log().count("Booting worker") == 2
