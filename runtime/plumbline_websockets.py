"""WebSockets under gunicorn's asgi worker: idle ones live, and learn that they end.

gunicorn (27.0.1) sends no pings, so that nginx takes a silent WebSocket for one that hangs (proxy_read_timeout), as the
load balancer does (its idle timeout). And a worker that ends waits for WebSockets as for requests, which end some time,
and then cuts them (graceful_timeout); nginx does the same when it stops (worker_shutdown_timeout). Here each is closed
with 1012 within seconds, and whoever sees that connects again.
"""

import asyncio
import contextlib
import os

from gunicorn.asgi import websocket

# Service Restart, https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number
RESTART = 1012
# Seconds that a client has to answer a close frame: gunicorn's own.
ANSWER = 5
# Seconds between two looks whether it ends.
LOOK = 0.5
# Made by nginx.service when it stops, before nginx itself hears of it.
STOPPING = "/run/plumbline-stopping"


def keep(worker, ping):
    """gunicorn's protocol asks the module for the class at each handshake. `ping` in seconds."""

    class LivingWebSocket(websocket.WebSocketProtocol):
        async def run(self):
            living = asyncio.create_task(self.live())
            try:
                await super().run()
            finally:
                living.cancel()

        async def live(self):
            loop = asyncio.get_running_loop()
            pinged = loop.time()
            while not (self.accepted and (not worker.alive or os.path.exists(STOPPING))):
                await asyncio.sleep(LOOK)
                if self.accepted and not self.closed and loop.time() - pinged >= ping:
                    pinged = loop.time()
                    await self._send_frame(websocket.OPCODE_PING, b"")
            await self.end()

        async def end(self):
            self.close_code = RESTART  # what the application is told, should the client not answer
            await self._send_close(RESTART, "the server restarts")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWER):
                    await self._close_event.wait()
            self.feed_eof()

        async def _send(self, message):
            if self._close_sent and message["type"] == "websocket.send":
                raise websocket.WebSocketDisconnected("the server restarts")  # nothing follows a close frame
            await super()._send(message)

    websocket.WebSocketProtocol = LivingWebSocket
