"""Requests that are not worth starting: their client has gone, or they waited too long."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import LIMIT, QUEUE


def stamp(seconds_ago):
    """What nginx sends: `proxy_set_header X-Request-Start "t=${msec}"`."""
    return {"X-Request-Start": f"t={time.time() - seconds_ago:.3f}"}


@pytest.fixture
def settled(server):
    """Stamps from before the worker's start count from its start, so it must have run for longer than they are old."""
    server.wait_for_age(2 * QUEUE)
    return server


def test_a_late_request_is_refused_and_never_reaches_the_application(settled):
    before = settled.record()
    answer = settled.get("/quick", headers=stamp(QUEUE + 0.2))
    assert answer.status == 503
    assert (answer.headers["Retry-After"], answer.headers["X-Shed"]) == ("1", "late")
    assert settled.record() == before
    assert "1 requests refused as late" in settled.log()


@pytest.mark.parametrize(
    "headers",
    [
        lambda: {},
        lambda: stamp(0),
        lambda: stamp(-5),
        lambda: {"X-Request-Start": "t=soon"},
        lambda: {"X-Request-Start": "t=nan"},
        lambda: {"X-Request-Start": "t=0"},
        lambda: stamp(70),
    ],
    ids=["no stamp", "now", "in the future", "no number", "not a number", "1970", "older than nginx waits"],
)
def test_a_request_with_any_other_stamp_is_served(settled, headers):
    assert settled.get("/quick", headers=headers()).status == 200


@pytest.mark.parametrize("size", [0, 50_000])
def test_a_late_request_with_a_body_gets_its_whole_answer(settled, size):
    answer = settled.get("/quick", headers=stamp(QUEUE + 0.2), method="POST", body=bytes(size))
    assert (answer.status, answer.body, answer.cut) == (503, b"the server is busy\n", False)


def test_a_request_that_waited_for_the_start_is_served(own_server, worker_class):
    server = own_server(worker_class)
    assert server.get("/quick", headers=stamp(QUEUE + 5)).status == 200


def test_the_health_check_may_be_late(settled):
    answer = settled.health(stamp(QUEUE + 0.2))
    assert (answer.status, answer.body) == (200, b"ok\n")


@pytest.mark.parametrize("size", [0, 50_000])
def test_requests_whose_client_has_gone_never_reach_the_application(server, worker_class, size):
    """They pile up behind a slow request: in asgi one that waits leaves no queue, so there it computes."""
    with ThreadPoolExecutor(4) as pool:
        busy = "/c?0.7" if worker_class in ("gevent", "asgi") else "/naps?0.7"
        slow = [pool.submit(server.get, busy) for _ in range(4 if worker_class == "gthread" else 1)]
        time.sleep(0.2)
        before = server.record()
        for _ in range(20):
            server.post_and_leave("/quick", size)
        assert {one.result().status for one in slow} == {200}
    assert server.get("/quick").status == 200
    assert [line for line in server.record() if line == "quick"] == [line for line in before if line == "quick"] + [
        "quick"
    ]


def test_refusals_do_not_flood_the_log(settled):
    for _ in range(50):
        assert settled.get("/quick", headers=stamp(QUEUE + 0.2)).status == 503
    assert settled.log().count("refused as late") <= 3


def test_asgi_works_on_as_many_requests_as_it_has_slots(own_server):
    server = own_server("asgi", threads=2)
    server.wait_for_age(QUEUE)
    with ThreadPoolExecutor(6) as pool:
        first = [pool.submit(server.get, "/naps?0.8") for _ in range(2)]
        time.sleep(0.1)
        second = [pool.submit(server.get, "/naps?0.1") for _ in range(2)]
        assert [one.result().status for one in first] == [200, 200]
        answers = [one.result() for one in second]
    assert [(answer.status, answer.headers["X-Shed"]) for answer in answers] == [(503, "late")] * 2
    assert all(QUEUE - 0.05 <= answer.seconds < QUEUE + 0.3 for answer in answers)


def test_the_wait_before_the_worker_had_the_request_counts_in_asgi(own_server):
    server = own_server("asgi", threads=1)
    server.wait_for_age(QUEUE)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(server.get, "/naps?0.9")
        time.sleep(0.1)
        answer = server.get("/quick", headers=stamp(0.3))
        assert slow.result().status == 200
    assert (answer.status, answer.headers["X-Shed"]) == (503, "late")
    assert answer.seconds < QUEUE - 0.1


def test_asgi_listens_with_the_planned_backlog(own_server):
    """With 100, which is asyncio's, connections beyond 101 would be refused while the loop is blocked."""
    server = own_server("asgi")
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(server.get, f"/c?{LIMIT / 2}")
        time.sleep(0.2)
        waiting = [server.connect() for _ in range(200)]
        assert busy.result().status == 200
    for connection in waiting:
        connection.close()
