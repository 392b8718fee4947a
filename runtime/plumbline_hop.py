"""The hop between nginx and gunicorn, a UNIX socket: what it takes away is given back to the application.

1. Who asks, and whom. The socket has no addresses; nginx has established them, and says them in headers that it sets on
   every request, so that no client can (lib/render/forced-headers.ts).
   WSGI: REMOTE_ADDR, REMOTE_PORT, SERVER_NAME, SERVER_PORT. ASGI: `client` and `server` of the scope.
2. An answer that was given before its body was read, as a refusal often is. Whoever closes such a socket while there is
   something to read on it takes back what it has written, and nginx answers 502: so the rest of the body is read first.
   nginx has all of it, and has bounded it (client_max_body_size).
3. Under ASGI, the work after an answer. The connection ends with the answer, and a worker that is told to end waits for
   connections.

It holds with the request guard, whose own answers come early too, and without.
"""

import asyncio
import contextlib
import re
import time

# Where the time of the request is over there are still so many seconds: 10 MB take a hundredth of one. gunicorn kills a
# sync worker two seconds after the deadline, and the guard has taken one of them (CLOSING).
LAST = 0.5
# What is read at once, in bytes: a socket holds some 200 KiB.
PIECE = 65536


def mend(worker, *, request_timeout, web_socket_ping=20):
    """Stands before all else that the worker calls. `request_timeout` in seconds, from the start of a request, and
    `web_socket_ping` in seconds between two pings."""
    if hasattr(worker, "asgi"):
        from plumbline_websockets import keep

        keep(worker, web_socket_ping)
        worker.asgi = AsgiHop(worker, request_timeout)
    else:
        worker.wsgi = WsgiHop(worker.wsgi, request_timeout)


def name_of(host):
    """Of what a client has asked for, `host[:port]`; an IPv6 address stays in its brackets, as in a URL (RFC 3875)."""
    return re.sub(r":[0-9]*$", "", host)


class WsgiHop:
    def __init__(self, app, seconds):
        self.app = app
        self.seconds = seconds

    def __call__(self, environ, start_response):
        introduce(environ)
        if environ.get("CONTENT_LENGTH", "0") == "0" and "HTTP_TRANSFER_ENCODING" not in environ:
            return self.app(environ, start_response)
        rest = Rest(environ, time.monotonic() + self.seconds)
        try:
            response = self.app(environ, start_response)
        except Exception:
            rest.read()  # gunicorn answers
            raise
        return rest.after(response)


def introduce(environ):
    address, port = environ.get("HTTP_X_REAL_IP"), environ.get("HTTP_X_FORWARDED_PORT")
    if address is None or port is None:  # not through nginx
        return
    environ["REMOTE_ADDR"] = address
    # as in ASGI servers: a load balancer that does not say it leaves it unknown
    environ["REMOTE_PORT"] = environ.get("HTTP_X_REAL_PORT", "0")
    environ["SERVER_NAME"] = name_of(environ.get("HTTP_HOST", ""))
    environ["SERVER_PORT"] = port


class Rest:
    """What is left of the body of one request."""

    def __init__(self, environ, end):
        self.body = environ["wsgi.input"]  # as gunicorn has made it: an application may put its own in its place
        self.connection = environ["gunicorn.socket"]
        self.file_wrapper = environ["wsgi.file_wrapper"]
        self.end = end

    def after(self, response):
        """The response, followed by this: gunicorn closes one when it has written all of it."""
        answered = Answered(response, self)
        if not isinstance(response, self.file_wrapper):
            return answered
        # gunicorn gives it to sendfile by its class
        answered.close_response, response.close = getattr(response, "close", None), answered.close
        return response

    def read(self):
        end = max(self.end, time.monotonic() + LAST)
        with contextlib.suppress(Exception):  # nginx has gone, or the application has read half a chunk
            before = self.connection.gettimeout()
            try:
                while (left := end - time.monotonic()) > 0:
                    self.connection.settimeout(left)
                    if not self.body.read(PIECE):
                        break
            finally:
                self.connection.settimeout(before)


class Answered:
    def __init__(self, response, rest):
        self.response = response
        self.close_response = getattr(response, "close", None)
        self.rest = rest

    def __iter__(self):
        return iter(self.response)

    def close(self):
        try:
            if self.close_response:
                self.close_response()
        finally:
            self.rest.read()


class AsgiHop:
    def __init__(self, worker, seconds):
        self.worker = worker
        self.app = worker.asgi
        self.seconds = seconds

    async def __call__(self, scope, receive, send):
        if scope["type"] != "lifespan":
            introduce_scope(scope)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = Body(receive, time.monotonic() + self.seconds)
        # gunicorn (27.0.1) waits for connections when it ends, and that of a request is over when its answer is out
        self.worker.nr_conns += 1
        try:
            await self.app(scope, body.receive, send)
        except Exception:
            await body.read_rest()  # gunicorn answers
            raise
        finally:
            self.worker.nr_conns -= 1
        await body.read_rest()


def introduce_scope(scope):
    headers = dict(scope["headers"])
    address, port = headers.get(b"x-real-ip"), headers.get(b"x-forwarded-port")
    if address is None or port is None:  # not through nginx
        return
    scope["client"] = (address.decode("latin-1"), int(headers.get(b"x-real-port", b"0")))
    name = name_of(headers.get(b"host", b"").decode("latin-1"))
    scope["server"] = (name, int(port))


class Body:
    """Stands for gunicorn's BodyReceiver (27.0.1), and knows whether the application has had all of it."""

    def __init__(self, receive, end):
        self.receive_piece = receive
        self.protocol = receive.__self__.protocol  # the guard asks for it
        self.end = end
        self.whole = False

    async def receive(self):
        message = await self.receive_piece()
        if message["type"] != "http.request" or not message.get("more_body"):
            self.whole = True
        return message

    async def read_rest(self):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(self.end - time.monotonic(), LAST)):
                while not self.whole:
                    await self.receive()
