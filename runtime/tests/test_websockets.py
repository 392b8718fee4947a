"""WebSockets under asgi pass the guard: nginx bounds them (test/render/nginx.test.ts), and none has a deadline. Idle
ones live, and each is closed with a code when its worker ends, or nginx before it."""

import signal
import socket
import struct
import time

import pytest
from nginx_server import Nginx

from conftest import LIMIT, QUEUE

HANDSHAKE = (
    "GET /socket HTTP/1.1\r\nHost: site\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A


class WebSocket:
    """A client that speaks as much of RFC 6455 as these tests need."""

    def __init__(self, server):
        self.connection = server.connect()
        self.connection.sendall(HANDSHAKE.encode())
        self.status = int(self.connection.recv(4096).split()[1])
        self.pings = 0

    def send(self, kind, payload):
        self.connection.sendall(bytes([kind, 0x80 | len(payload), 0, 0, 0, 0]) + payload)  # masked with zeros

    def receive(self, *, answer=True):
        """The next frame that is no ping: its kind and what it holds; None at the end."""
        while head := self.connection.recv(2, socket.MSG_WAITALL):
            payload = self.connection.recv(head[1], socket.MSG_WAITALL) if head[1] else b""
            if head[0] != PING:
                return head[0], payload
            self.pings += 1
            if answer:
                self.send(PONG, payload)
        return None

    def echo(self, text):
        self.send(TEXT, text.encode())
        kind, payload = self.receive()
        assert kind == TEXT
        return payload.decode()

    def close(self):
        self.connection.close()


class Behind:
    """Where a client of nginx connects to."""

    def __init__(self, nginx):
        self.nginx = nginx

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.nginx.port), timeout=20)


RESTARTS = (CLOSE, struct.pack("!H", 1012) + b"the server restarts")


def test_a_web_socket_passes_messages_and_outlives_the_deadline(own_server):
    server = own_server("asgi")
    socket = WebSocket(server)
    assert socket.status == 101
    time.sleep(LIMIT + 1.5)
    assert socket.echo("still here") == "still here"
    assert "ran longer" not in server.log()
    socket.close()


def test_web_sockets_take_no_slots(own_server):
    server = own_server("asgi", threads=2)
    sockets = [WebSocket(server) for _ in range(5)]
    assert [one.status for one in sockets] == [101] * 5
    answer = server.get("/quick")
    assert (answer.status, answer.seconds < QUEUE) == (200, True)
    for one in sockets:
        one.close()


@pytest.fixture
def nginx(tmp_path):
    servers = []

    def start(gunicorn):
        folder = tmp_path / "nginx"
        folder.mkdir()
        plan = {"workerClass": "asgi", "workers": 1, "workerConnections": 1}
        servers.append(ImpatientNginx(folder, gunicorn, {"plan": plan}))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


class ImpatientNginx(Nginx):
    def here(self, conf, sockets):
        conf = super().here(conf, sockets)
        assert "  proxy_read_timeout 306s;" in conf
        return conf.replace("  proxy_read_timeout 306s;", "  proxy_read_timeout 2s;")


def test_an_idle_web_socket_lives_behind_nginx(own_server, nginx):
    client = WebSocket(Behind(nginx(own_server("asgi", ping=0.6))))
    time.sleep(7)
    assert client.echo("still here") == "still here"
    assert 5 <= client.pings <= 8
    client.close()


def test_it_holds_a_place_of_nginx_until_it_ends(own_server, nginx):
    behind = Behind(nginx(own_server("asgi", ping=0.6)))
    first, refused = WebSocket(behind), WebSocket(behind)
    assert (first.status, refused.status) == (101, 503)
    first.close()
    time.sleep(0.5)
    assert WebSocket(behind).status == 101


def test_a_worker_that_ends_closes_them_with_a_code_and_does_not_wait(own_server):
    server = own_server("asgi", limit=60)
    client = WebSocket(server)
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert client.receive() == RESTARTS
    client.send(CLOSE, RESTARTS[1])
    assert client.receive() is None
    server.process.wait(5)
    assert time.monotonic() - began < 4
    assert server.record() == ["disconnected", "1012"]
    assert "Traceback" not in server.log()


def test_a_client_that_does_not_answer_is_waited_for_a_few_seconds(own_server):
    server = own_server("asgi", limit=60)
    client = WebSocket(server)
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(12)
    assert 5 <= time.monotonic() - began < 10
    assert client.receive() == RESTARTS
    assert server.record() == ["disconnected", "1012"]


def test_they_are_closed_when_nginx_begins_to_stop(own_server, tmp_path):
    stopping = tmp_path / "stopping"
    server = own_server(
        "asgi", first=f"import plumbline_websockets\nplumbline_websockets.STOPPING = {str(stopping)!r}\n"
    )
    client = WebSocket(server)
    stopping.touch()
    assert client.receive() == RESTARTS
    client.close()
    stopping.unlink()
    assert WebSocket(server).echo("again") == "again"


def test_an_application_that_only_sends_learns_that_it_ends(own_server):
    server = own_server("asgi", limit=60)
    client = WebSocket(server)
    client.send(TEXT, b"tick")
    assert client.receive() == (TEXT, b"tick")
    server.process.send_signal(signal.SIGTERM)
    while (frame := client.receive()) == (TEXT, b"tick"):
        pass
    assert frame == RESTARTS
    client.send(CLOSE, RESTARTS[1])
    assert client.receive() is None
    server.process.wait(5)
