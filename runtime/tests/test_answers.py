"""Answers arrive, through a real nginx, in every worker class: those that are given before the body was read, and those
with as much in their headers as an Application Load Balancer lets through."""

import collections
import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from nginx_server import Nginx

from conftest import WORKER_CLASSES, Server

UNGUARDED = """
import plumbline_hop


def post_worker_init(worker):
    plumbline_hop.mend(worker, request_timeout={limit})
    open("{folder}/serving", "w").close()
"""
REFUSAL = b"not before you log in\n"
SIZES = [10_000, 200_000, 2_000_000, 10_000_000]
WAYS = ["/refuses", "/works-on?0.1", "/generator", "/reads-a-part", "/replaces", "/reads-all"]


@pytest.fixture(scope="module", params=[*WORKER_CLASSES, "unguarded-gthread", "unguarded-asgi"])
def nginx(request, tmp_path_factory):
    worker_class = request.param.removeprefix("unguarded-")
    folder = tmp_path_factory.mktemp("gunicorn")
    app = f"answers:{'asgi' if worker_class == 'asgi' else 'application'}"
    more = UNGUARDED.format(limit=2, folder=folder) if "unguarded" in request.param else ""
    gunicorn = Server(folder, worker_class, app=app, queue=30, limit=2, workers=2, more=more)
    plan = {"workerClass": worker_class, "requestTimeout": 10}
    nginx = Nginx(tmp_path_factory.mktemp("nginx"), gunicorn, {"plan": plan})
    nginx.guarded = not more
    yield nginx
    nginx.stop()
    gunicorn.stop()


def post(nginx, path, size):
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=30)
    try:
        connection.request("POST", path, bytes(size))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def answers(nginx, path, size, count):
    with ThreadPoolExecutor(4) as pool:
        return collections.Counter(pool.map(lambda _: post(nginx, path, size)[0], range(count)))


@pytest.mark.parametrize("size", SIZES)
def test_every_refusal_arrives(nginx, size):
    assert answers(nginx, "/refuses", size, 16) == {403: 16}


@pytest.mark.parametrize("way", WAYS)
def test_it_does_however_the_application_answers(nginx, way):
    assert answers(nginx, way, 2_000_000, 6) == {403: 6}


def test_a_file_arrives_whole(nginx):
    assert answers(nginx, "/file", 2_000_000, 6) == {403: 6}


@pytest.mark.parametrize("way", ["/fails", "/odd-header"])
def test_a_failure_is_a_500(nginx, way):
    assert answers(nginx, way, 2_000_000, 6) == {500: 6}


def test_the_guard_s_504_arrives(nginx):
    if nginx.guarded:
        assert answers(nginx, "/late", 2_000_000, 2) == {504: 2}


def test_as_much_arrives_in_headers_as_a_load_balancer_lets_through(nginx):
    assert answers(nginx, "/cookies?32", 0, 4) == {403: 4}
    # beyond it the load balancer would answer 502 itself
    assert answers(nginx, "/cookies?40", 0, 4) == {502: 4}
    assert "upstream sent too big header" in (nginx.folder / "error.log").read_text()


@pytest.mark.parametrize("worker_class", WORKER_CLASSES)
def test_a_body_that_does_not_come_is_waited_for_no_longer_than_a_request_may_take(own_server, worker_class):
    """Through our nginx it comes at once; who has `proxy_request_buffering off` sends what its client does."""
    server = own_server(worker_class, app=f"answers:{'asgi' if worker_class == 'asgi' else 'application'}", limit=1)
    began = time.monotonic()
    with server.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: site\r\nContent-Length: 1000000\r\n\r\nbeginning")
        answer = b""
        while REFUSAL not in answer:
            answer += connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert time.monotonic() - began < 0.9
        while connection.recv(4096):
            pass
    assert 0.9 < time.monotonic() - began < 5
    server.wait_for(lambda: server.get("/").status == 403, "the next answer")
    assert "ran longer" not in server.log()
