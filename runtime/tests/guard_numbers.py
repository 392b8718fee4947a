"""The guard in the tests' own process: its numbers, its clocks, and what stands for a worker of gunicorn."""

import socket
import struct
import tempfile
import time
from types import SimpleNamespace

import plumbline_guard_admission

NUMBERS = {
    "request_timeout": 5,
    "queue_timeout": 2,
    "proxy_read_timeout": 60,
    "slots": 2,
    "backlog": 300,
    "answer_health": True,
    "master_silence": 2,
    "booted": 0,
}


def set_numbers(monkeypatch, **numbers):
    """What plumbline_guard.configure takes, and no memory of earlier requests."""
    for name, value in {**NUMBERS, **numbers}.items():
        monkeypatch.setattr(plumbline_guard_admission.settings, name, value, raising=False)
    for name in ("fresh_request", "latest_request"):
        set_age(getattr(plumbline_guard_admission, name), 0)
    set_age(plumbline_guard_admission.late_request, 100)
    plumbline_guard_admission.master_beat.note()


def set_age(shared_time, seconds):
    shared_time.memory[:] = struct.pack("d", time.monotonic() - seconds)


def stamp(seconds_ago):
    """What nginx sends: `proxy_set_header X-Request-Start "t=${msec}"`."""
    return f"t={time.time() - seconds_ago:.3f}"


class Log:
    def __init__(self):
        self.lines = []

    def warning(self, text, *values):
        self.lines.append(text % values)

    error = info = critical = warning


class Beating:
    """The file of a heartbeat, as gunicorn's WorkerTmp."""

    def __init__(self):
        self.file = tempfile.TemporaryFile()
        self.fileno = self.file.fileno
        self.beats = 0

    def notify(self):
        self.beats += 1


def fake_worker(app=None):
    return SimpleNamespace(pid=7, log=Log(), tmp=Beating(), wsgi=app, asgi=app)


class Connection:
    """Both ends of one that nginx has opened."""

    def __init__(self, sent=b""):
        self.client, self.server = socket.socketpair()
        self.client.settimeout(5)
        self.client.sendall(sent)

    def close(self):
        self.client.close()
        self.server.close()
