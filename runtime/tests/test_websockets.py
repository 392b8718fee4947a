"""WebSockets under asgi pass the guard: nginx bounds them (test/render/nginx.test.ts), and none has a deadline."""

import time

from conftest import LIMIT, QUEUE

HANDSHAKE = (
    "GET /socket HTTP/1.1\r\nHost: site\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class WebSocket:
    """A client that speaks as much of RFC 6455 as these tests need."""

    def __init__(self, server):
        self.connection = server.connect()
        self.connection.sendall(HANDSHAKE.encode())
        self.status = int(self.connection.recv(4096).split()[1])

    def echo(self, text):
        frame = bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode()  # masked with zeros
        self.connection.sendall(frame)
        answer = self.connection.recv(4096)
        return answer[2:].decode()

    def close(self):
        self.connection.close()


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
