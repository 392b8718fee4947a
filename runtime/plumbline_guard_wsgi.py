"""The request guard around a WSGI application: sync, gthread and gevent."""

import contextlib
import errno
import socket
import time

from plumbline_failures import REQUEST_ID, TOLD
from plumbline_guard_admission import DEADLINE_HEADER, HEALTH_HEADER, Guard, head_and_body, seconds_for
from plumbline_guard_limits import Deadline

HEALTH_VARIABLE, DEADLINE_VARIABLE = (
    f"HTTP_{header.upper().replace('-', '_')}" for header in (HEALTH_HEADER, DEADLINE_HEADER)
)


class WsgiGuard(Guard):
    def __init__(self, worker, limit):
        super().__init__(worker)
        self.app = worker.wsgi
        self.limit = limit

    def __call__(self, environ, start_response):
        # with two sockets a sync worker beats only before it waits for a request (gunicorn 27.0.1, sync.py), so that
        # `timeout` would come early by as long as it waited
        self.worker.tmp.notify()
        answer = self.answer(environ)
        if answer:
            status, headers, body = head_and_body(answer)
            start_response(status, headers)
            return [body]
        return WsgiRequest(self, environ, start_response).run()

    def answer(self, environ):
        if environ.get(HEALTH_VARIABLE) == "1":
            return self.health()
        if self.hung_up(environ["gunicorn.socket"]):
            return self.refuse("gone")
        if self.is_late(self.waited(environ.get("HTTP_X_REQUEST_START", ""))):
            return self.refuse("late")
        return None


def accepting(guard, accept):
    """A listener's `accept` that turns away at the door what is not worth starting: 0.07 ms of CPU, and gunicorn takes
    0.5 ms to read a request and refuse it, as long as many views (bench/overload). sync and gthread call it; gevent has
    an `accept` of its own and refuses later, as all do with requests that are more than a head."""

    def call():
        while True:
            client, address = accept()
            try:
                turned_away = turn_away(guard, client)
            except OSError:  # nothing sent yet, or the connection is broken, which gunicorn will see too
                turned_away = False
            if not turned_away:
                return client, address
            client.close()

    return call


def turn_away(guard, client):
    head = client.recv(65536, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    if not head.startswith(b"GET ") or not head.endswith(b"\r\n\r\n"):
        return False
    if b"\r\nContent-Length: " in head:  # the body comes behind
        return False
    if f"\r\n{HEALTH_HEADER}: 1\r\n".encode() in head:  # spelt as in our nginx.conf
        return False
    stamp = head.partition(b"\r\nX-Request-Start: ")[2].partition(b"\r\n")[0]
    if guard.hung_up(client):
        guard.refuse("gone")
        return True
    if guard.is_late(guard.waited(stamp.decode("latin-1"))):
        client.recv(len(head))  # closing a socket with unread data would take the answer back
        status, headers, body = head_and_body(guard.refuse("late"))
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "Connection: close", "", ""]
        client.sendall("\r\n".join(lines).encode() + body)
        return True
    return False


# Seconds to close what a response holds (Django's request_finished, and a rollback in the database) when the request's
# own time is over; gunicorn kills a sync worker two seconds after the deadline.
CLOSING = 1


class WsgiRequest:
    """One call of the application, and the iterable that gunicorn reads its response from. The clock runs through all
    of it, but only the application's own code is interrupted, never gunicorn's between two chunks."""

    def __init__(self, guard, environ, start_response):
        self.guard = guard
        self.environ = environ
        self.told = environ[TOLD] = []
        self.start_response = start_response
        self.head = None  # held back until the first chunk: until then a 504 can take its place
        self.head_sent = False
        self.gunicorn_write = None
        self.response = self.chunks = self.close_response = None
        self.seconds = seconds_for(environ.get(DEADLINE_VARIABLE))
        self.deadline = time.monotonic() + self.seconds
        self.reports = iter((True,))  # next() on it is atomic: the line is logged once, by whoever comes first

    def run(self):
        try:
            self.response = self.step(self.guard.app, self.environ, self.hold_head)
        except Deadline:
            chunks = [self.give_up()]
            self.send_head()
            return chunks
        except Exception as error:
            chunks = [self.fail(error)]
            self.send_head()
            return chunks
        self.close_response = getattr(self.response, "close", None)
        if self.is_file():
            self.response.close = self.close
        if self.is_file() or (isinstance(self.response, (list, tuple)) and not self.close_response):
            self.send_head()
            return self.response
        self.chunks = iter(self.response)
        return self

    def is_file(self):
        """A file for sendfile, which gunicorn must get as it is. Other things that are wrapped may be slow to read."""
        wrapped = isinstance(self.response, self.environ["wsgi.file_wrapper"])
        return wrapped and hasattr(self.response.filelike, "fileno")

    def __iter__(self):
        return self

    def __next__(self):
        if self.chunks is None:
            raise StopIteration
        try:
            chunk = self.step(next, self.chunks)
        except StopIteration:
            self.send_head()
            raise
        except Deadline:
            chunk = self.give_up()
            self.chunks = None
        except Exception as error:
            chunk = self.fail(error)
            self.chunks = None
        self.send_head()
        return chunk

    def close(self):
        """gunicorn calls it when the response has been sent. Nobody waits for it, so that its end is only logged."""
        if self.close_response:
            self.deadline = max(self.deadline, time.monotonic() + CLOSING)
            with contextlib.suppress(Deadline):
                try:
                    self.step(self.close_response)
                except Exception as error:
                    self.tell(error)

    def step(self, call, *args):
        try:
            if time.monotonic() >= self.deadline:
                raise Deadline
            return self.guard.limit.run(self, call, *args)
        finally:
            # not in an `except Deadline`: the application may have swallowed it and gone on
            if time.monotonic() >= self.deadline:
                self.overdue()

    def overdue(self):
        if next(self.reports, False):
            self.guard.overdue(self.environ["REQUEST_METHOD"], self.environ["RAW_URI"], self.seconds)

    def stuck(self):
        self.guard.end_stuck()

    def give_up(self):
        return self.end_with(self.guard.timed_out(self.seconds))

    def fail(self, error):
        """gunicorn would log it without the request's id; and an error of a connection, such as one to a database, it
        takes for a client that has gone, and writes nothing."""
        if isinstance(error, OSError) and self.guard.hung_up(self.environ["gunicorn.socket"]):
            raise error
        self.tell(error)
        return self.end_with(self.guard.failed())

    def tell(self, error):
        self.told.append(error)
        self.guard.tell_failure(*self.named(), error)

    def named(self):
        environ = self.environ
        return environ["REQUEST_METHOD"], environ["RAW_URI"], environ.get(REQUEST_ID)

    def end_with(self, answer):
        if self.head_sent:
            # gunicorn closes the connection on it, without a line in its log; nginx sees a response cut short
            raise BrokenPipeError(errno.EPIPE, "cut by the request guard")
        status, headers, body = head_and_body(answer)
        self.head = (status, headers)
        return body

    def hold_head(self, status, headers, exc_info=None):
        if self.head_sent:
            self.start_response(status, headers, exc_info)  # raises, as it should
        self.head = (status, headers)
        return self.write

    def write(self, data):
        self.send_head()(data)

    def send_head(self):
        if not self.head_sent and self.head:
            self.head_sent = True
            if self.head[0].startswith("500") and not self.told:
                self.guard.tell_silent_failure(*self.named())
            self.gunicorn_write = self.start_response(*self.head)
        return self.gunicorn_write
