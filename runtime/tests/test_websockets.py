"""WebSockets under asgi: each holds a slot, some slots are for requests alone, and none has a deadline."""

import time

import pytest

from conftest import LIMIT, QUEUE

HANDSHAKE = (
    "GET /socket HTTP/1.1\r\nHost: site\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
)


class WebSocket:
    """A client that speaks as much of RFC 6455 as these tests need."""

    def __init__(self, server, more=""):
        began = time.monotonic()
        self.connection = server.connect()
        self.connection.sendall(HANDSHAKE.format(more=more).encode())
        self.head = self.connection.recv(4096).decode()
        self.seconds = time.monotonic() - began
        self.status = int(self.head.split()[1])

    def echo(self, text):
        frame = bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode()  # masked with zeros
        self.connection.sendall(frame)
        answer = self.connection.recv(4096)
        return answer[2:].decode()

    def close(self):
        self.connection.close()


@pytest.fixture
def open_socket(own_server):
    """A server with four slots, of which WebSockets may have three."""
    server = own_server("asgi")
    sockets = []

    def connect(**options):
        sockets.append(WebSocket(server, **options))
        return sockets[-1]

    connect.server = server
    yield connect
    for one in sockets:
        one.close()


def test_a_web_socket_passes_messages_and_outlives_the_deadline(open_socket):
    socket = open_socket()
    assert socket.status == 101
    time.sleep(LIMIT + 1.5)
    assert socket.echo("still here") == "still here"
    assert "ran longer" not in open_socket.server.log()


def test_idle_web_sockets_leave_a_quarter_of_the_slots_to_requests(open_socket):
    assert [open_socket().status for _ in range(3)] == [101] * 3
    assert open_socket().status == 503
    answer = open_socket.server.get("/quick")
    assert (answer.status, answer.seconds < QUEUE) == (200, True)


def test_a_web_socket_that_finds_no_slot_is_refused_as_a_request_is(open_socket):
    for _ in range(3):
        open_socket()
    refused = open_socket()
    assert refused.head.startswith("HTTP/1.1 503 Service Unavailable\r\n")
    assert "\r\nRetry-After: 1\r\nX-Shed: late\r\n" in refused.head
    assert refused.head.endswith("\r\n\r\nthe server is busy\n")
    assert QUEUE - 0.05 <= refused.seconds < QUEUE + 0.5
    assert refused.connection.recv(1) == b""
    assert "1 requests refused as late" in open_socket.server.log()


def test_a_web_socket_that_closes_gives_its_slot_back(open_socket):
    first, *_ = [open_socket() for _ in range(3)]
    first.close()
    assert open_socket().status == 101


def test_web_sockets_and_requests_share_the_slots(open_socket):
    """Requests cannot wait for a slot here: with three WebSockets one of the four is left, and it is taken."""
    for _ in range(3):
        open_socket()
    server = open_socket.server
    naps = server.connect()
    naps.sendall(b"GET /naps?0.9 HTTP/1.1\r\nHost: site\r\n\r\n")
    time.sleep(0.1)
    assert server.get("/quick").headers["X-Shed"] == "late"
    assert naps.recv(4096).startswith(b"HTTP/1.1 200")
    naps.close()


def test_a_web_socket_whose_wait_began_before_the_worker_had_it_is_refused_that_much_sooner(open_socket):
    open_socket.server.wait_for_age(QUEUE)
    for _ in range(3):
        open_socket()
    refused = open_socket(more=f"X-Request-Start: t={time.time() - 0.3:.3f}\r\n")
    assert refused.status == 503
    assert refused.seconds < QUEUE - 0.1


def test_a_refused_web_socket_leaves_nothing_taken(open_socket):
    sockets = [open_socket() for _ in range(3)]
    assert [open_socket().status for _ in range(5)] == [503] * 5
    for one in sockets:
        one.close()
    assert [open_socket().status for _ in range(3)] == [101] * 3
