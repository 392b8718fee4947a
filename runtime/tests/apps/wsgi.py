"""Every way to take long that the guard has to deal with: /<way>?<seconds>."""

import ctypes
import os
import time

RECORD = os.environ["RECORD"]


def record(line):
    """What reached the application, for the tests; one write, so that lines of several processes do not mix."""
    with open(RECORD, "ab", buffering=0) as file:
        file.write(f"{line}\n".encode())


def loop(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(100))


def naps(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)


def c_call(seconds):
    """One call into C that neither Python nor a signal can interrupt: a mutex that this thread holds already."""
    libc = ctypes.CDLL(None)
    mutex = ctypes.create_string_buffer(64)
    end = time.time() + seconds
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_timedlock(mutex, (ctypes.c_long * 2)(int(end), int(end % 1 * 1e9)))


def swallow(seconds):
    try:
        naps(seconds)
    except:  # noqa: E722
        naps(seconds)


WAYS = {"loop": loop, "naps": naps, "sleep": time.sleep, "c": c_call, "swallow": swallow, "quick": lambda _: None}


class Stream:
    """A first chunk at once when `eager`, then naps, then a last one."""

    def __init__(self, seconds, eager):
        self.chunks = self.generate(seconds, eager)

    def generate(self, seconds, eager):
        if eager:
            yield b"first "
        naps(seconds)
        yield b"last"

    def __iter__(self):
        return self.chunks

    def close(self):
        record("closed")


class Closing(list):
    """A response that takes long to close."""

    def __init__(self, seconds):
        super().__init__([b"sent"])
        self.seconds = seconds

    def close(self):
        record("begins to close")
        naps(self.seconds)
        record("closed")


class ClosingFile:
    """A file that takes long to close."""

    def __init__(self, seconds):
        self.file = open(__file__, "rb")
        self.fileno, self.read = self.file.fileno, self.file.read
        self.close = Closing(seconds).close


def application(environ, start_response):
    way = environ["PATH_INFO"].split()[0].strip("/")
    seconds = float(environ["QUERY_STRING"] or 0)
    record(way)
    if way in ("stream", "quiet-stream"):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Stream(seconds, eager=way == "stream")
    if way in ("closing", "closing-file"):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Closing(seconds) if way == "closing" else environ["wsgi.file_wrapper"](ClosingFile(seconds))
    if way == "computed-stream":
        naps(0.01)
        loop(seconds)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Stream(0.2, eager=False)
    if way == "write":
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"first ")
        naps(seconds)
        return [b"last"]
    if way == "file":
        file = open(__file__, "rb")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](file)
    WAYS[way](seconds)
    body = f"{os.getpid()} {environ.get('HTTP_X_TOKEN', '')}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
