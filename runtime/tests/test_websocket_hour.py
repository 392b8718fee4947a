"""An hour of a WebSocket on which the application says nothing, in a loop whose clock jumps from timer to timer.
gunicorn's protocol and our pings are real; the client, and hops that cut what is silent for too long, are played."""

import asyncio
from types import SimpleNamespace

import pytest
from gunicorn.asgi import websocket

import plumbline_websockets

HOUR = 3600
PING, CLOSE = 0x89, 0x88


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.look = self._selector.select
        self._selector.select = self.jump

    def jump(self, timeout=None):
        ready = self.look(0)
        self.now += 0 if ready else timeout or 0
        return ready

    def time(self):
        return self.now


class Connection:
    """A transport to a client that answers pings after a while, through hops that wait for `silence` seconds."""

    def __init__(self, loop, silence):
        self.loop, self.silence = loop, silence
        self.frames = []
        self.cut_at = None
        self.timer = None

    def write(self, data):
        if self.timer:
            self.timer.cancel()
        self.timer = self.loop.call_later(self.silence, self.cut)
        self.frames.append(data[0])
        if data[0] == PING:
            self.loop.call_later(0.3, self.socket.feed_data, bytes([0x8A, 0x80, 0, 0, 0, 0]))

    def cut(self):
        self.cut_at = self.loop.time()
        self.socket.feed_eof()

    def close(self):
        """The end of the test."""


async def says_nothing(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


@pytest.fixture
def an_hour_with(monkeypatch):
    # `keep` puts another into its place, as it may have done for another test
    classes = websocket.WebSocketProtocol.__mro__
    own = next(one for one in classes if one.__module__ == websocket.__name__)
    monkeypatch.setattr(websocket, "WebSocketProtocol", own)

    def an_hour_with(ping, silence):
        worker = SimpleNamespace(alive=True)
        plumbline_websockets.keep(worker, ping)

        async def hour():
            loop = asyncio.get_running_loop()
            connection = Connection(loop, silence)
            log = SimpleNamespace(debug=lambda *_: None)
            scope = {"type": "websocket", "headers": [(b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ==")]}
            connection.socket = websocket.WebSocketProtocol(connection, scope, says_nothing, log)
            serving = asyncio.create_task(connection.socket.run())
            await asyncio.wait([serving], timeout=HOUR)
            worker.alive = False
            await asyncio.wait([serving], timeout=20)
            return connection

        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            return runner.run(hour())

    return an_hour_with


@pytest.mark.parametrize(("ping", "silence"), [(20, 61), (12, 36), (2, 7)])
def test_it_is_never_silent_for_as_long_as_a_hop_waits_and_is_closed_with_a_code_at_its_end(
    an_hour_with, ping, silence
):
    connection = an_hour_with(ping, silence)
    assert connection.cut_at is None
    assert HOUR / (ping + plumbline_websockets.LOOK) - 1 <= connection.frames.count(PING) <= HOUR / ping
    assert connection.frames[-1] == CLOSE


def test_without_pings_the_first_hop_cuts_it(an_hour_with):
    connection = an_hour_with(2 * HOUR, 36)
    assert connection.cut_at == pytest.approx(36)
