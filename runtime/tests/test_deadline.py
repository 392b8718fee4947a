"""A request that works for longer than requestTimeout."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import LIMIT

WSGI_CLASSES = ["sync", "gthread", "gevent"]


def ends_in_504(server, target, within=1):
    before = len(server.log())
    answer = server.get(target)
    assert answer.status == 504
    assert answer.body == b"the request ran longer than requestTimeout (1 s)\n"
    assert LIMIT - 0.05 <= answer.seconds < LIMIT + within
    path = target.split("?")[0]
    line = server.wait_for_line(
        rf"GET {path} ran longer than requestTimeout \(1 s\), the worker is replaced \(pid:(\d+)\)", before
    )
    server.wait_for_another_worker(int(line[1]))
    assert "Traceback" not in server.log()[before:]
    assert "SIGKILL" not in server.log()[before:]


def test_a_request_that_waits_in_many_short_steps_ends_in_504(server):
    ends_in_504(server, "/naps?20")


@pytest.mark.parametrize("worker_class", ["sync", "gevent", "asgi"])
def test_a_request_that_waits_in_one_step_ends_in_504(server):
    ends_in_504(server, "/sleep?20")


def test_a_request_that_computes_in_python_ends_in_504(server):
    ends_in_504(server, "/loop?20")


@pytest.mark.parametrize("worker_class", ["sync", "gthread", "gevent"])
def test_an_application_that_swallows_the_exception_is_asked_again(server):
    ends_in_504(server, "/swallow?20", within=2)


@pytest.mark.parametrize("way", ["sleep", "c"])
def test_a_thread_in_one_long_c_call_answers_504_when_the_call_ends(shared_servers, way):
    server = shared_servers("gthread")
    pid = server.get("/quick").pid
    answer = server.get(f"/{way}?2")
    assert answer.status == 504
    assert answer.seconds > LIMIT + 0.3
    server.wait_for_another_worker(pid)


@pytest.mark.parametrize(
    ("worker_class", "app", "target"),
    [("gthread", "wsgi:application", "/c?40"), ("asgi", "django_app:asgi_application", "/naps/40")],
    ids=["a thread of gthread", "a thread of asgi"],
)
def test_a_thread_that_never_returns_ends_with_its_worker_while_another_serves(own_server, worker_class, app, target):
    server = own_server(worker_class, app=app)
    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(server.get, target)
        server.wait_for(lambda: "the worker is replaced" in server.log(), "the deadline")
        server.wait_for(lambda: server.log().count("Booting worker") == 2, "the replacement")
        server.wait_for(lambda: "was sent SIG" in server.log(), "its end", 20)
        assert stuck.result().status == (504 if worker_class == "asgi" else 0)


@pytest.mark.parametrize("worker_class", ["sync", "gevent", "asgi"])
def test_a_long_c_call_that_blocks_the_process_is_killed_by_gunicorn(server):
    answer = server.get("/c?30")
    assert answer.status == 0
    assert answer.seconds < LIMIT + 2 + 3
    assert "WORKER TIMEOUT" in server.log()
    assert server.get("/quick").status == 200


def test_a_response_that_has_begun_is_cut(server):
    pid = server.get("/quick").pid
    answer = server.get("/stream?20")
    assert (answer.status, answer.body, answer.cut) == (200, b"first ", True)
    assert LIMIT - 0.05 <= answer.seconds < LIMIT + 1
    server.wait_for_another_worker(pid)
    assert "closed" in server.record()
    assert "Traceback" not in server.log()


def test_a_response_that_has_sent_nothing_yet_becomes_a_504(server):
    server.folder.joinpath("record").write_text("")
    ends_in_504(server, "/quiet-stream?20")
    assert "closed" in server.record()


@pytest.mark.parametrize("worker_class", WSGI_CLASSES)
def test_a_response_by_the_write_callable_is_cut(server):
    answer = server.get("/write?20")
    assert (answer.status, answer.body, answer.cut) == (200, b"first ", True)


def test_a_request_after_a_quiet_time_has_its_whole_time(own_server, worker_class):
    """gunicorn's timeout is 4 s here, and a sync worker waits half of it for a request without a heartbeat."""
    server = own_server(worker_class, limit=2)
    server.wait_for_age(1.9)
    assert server.get("/c?1.9").status == 200
    assert "WORKER TIMEOUT" not in server.log()


def test_requests_in_time_pass_unchanged(server):
    for target, body in [("/stream?0.3", b"first last"), ("/quiet-stream?0.3", b"last")]:
        answer = server.get(target)
        assert (answer.status, answer.body, answer.cut) == (200, body, False)


@pytest.mark.parametrize("worker_class", WSGI_CLASSES)
@pytest.mark.parametrize("way", ["closing", "closing-file"])
def test_a_response_that_takes_long_to_close_is_interrupted(own_server, worker_class, way):
    server = own_server(worker_class)
    answer = server.get(f"/{way}?20")
    assert (answer.status, answer.cut) == (200, False)
    line = server.wait_for_line(rf"GET /{way} ran longer than requestTimeout .* replaced \(pid:(\d+)\)")
    server.wait_for_another_worker(int(line[1]))
    record = " ".join(server.record())
    assert record.count("begins to close") == 1
    assert "closed" not in record
    for trouble in ("Traceback", "WORKER TIMEOUT", "SIGKILL"):
        assert trouble not in server.log()


def test_a_path_cannot_begin_a_line_in_the_log(server):
    before = len(server.log())
    assert server.get("/naps%0a[ERROR]%20forged%1b[2J?20").status == 504
    forged = re.escape("GET /naps%0a[ERROR]%20forged%1b[2J ran longer than requestTimeout")
    line = server.wait_for_line(rf"{forged} .* replaced \(pid:(\d+)\)", before)
    assert "\n[ERROR] forged" not in server.log()
    server.wait_for_another_worker(int(line[1]))


@pytest.mark.parametrize("worker_class", WSGI_CLASSES)
def test_a_response_that_was_long_computed_has_the_rest_of_its_time(server):
    answer = server.get("/computed-stream?0.6")
    assert (answer.status, answer.body) == (200, b"last")


@pytest.mark.parametrize("worker_class", WSGI_CLASSES)
def test_files_are_passed_to_gunicorn_as_they_are(server):
    assert b"environ" in server.get("/file").body


@pytest.mark.parametrize(
    ("worker_class", "app"),
    [("sync", "application"), ("gthread", "application"), ("gevent", "application"), ("asgi", "asgi_application")],
)
def test_a_django_view_ends_in_504(own_server, worker_class, app):
    server = own_server(worker_class, app=f"django_app:{app}")
    assert server.get("/naps/0").status == 200
    answer = server.get("/naps/3")
    assert answer.status == 504
    assert answer.seconds < LIMIT + 1
    server.wait_for_line("GET /naps/3 ran longer")
    server.wait_for(lambda: server.get("/naps/0").status == 200, "the next worker")


@pytest.mark.parametrize("worker_class", ["gthread", "gevent", "asgi"])
def test_a_replacement_serves_while_the_worker_finishes_its_other_requests(own_server, worker_class):
    server = own_server(worker_class, limit=3)
    pid = server.get("/quick").pid
    with ThreadPoolExecutor(2) as pool:
        over = pool.submit(server.get, "/naps?20")
        time.sleep(2.7)
        under = pool.submit(server.get, "/naps?2.8")
        assert over.result().status == 504
        server.wait_for_another_worker(pid)
        assert not under.done()
        assert under.result().status == 200
        assert under.result().pid == pid
    server.wait_for(lambda: "Worker exiting" in server.log(), "the old worker's end")
    assert server.log().count("Booting worker") == 2


def test_no_other_request_is_hit(own_server):
    """Requests that end within milliseconds of the deadline, on either side, beside many that are far from it."""
    server = own_server("gthread", workers=2, threads=8)

    def edge(number):
        return server.get(f"/loop?{LIMIT - 0.04 + 0.002 * (number % 40)}")

    def quick(number):
        return server.get("/quick", headers={"X-Token": str(number)})

    with ThreadPoolExecutor(6) as edges, ThreadPoolExecutor(4) as quicks:
        edge_answers = [edges.submit(edge, n) for n in range(36)]
        quick_answers = [quicks.submit(quick, n) for n in range(600)]
        assert {a.result().status for a in edge_answers} == {200, 504}
        for number, answer in enumerate(quick_answers):
            assert (answer.result().status, answer.result().body.split()[-1:]) == (200, [str(number).encode()])
    assert "Traceback" not in server.log()
    assert "Error" not in server.log()
