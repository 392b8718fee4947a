"""The guard's beginnings in the master and in a worker, in the tests' own process."""

import os
import socket
import time
from types import SimpleNamespace

import pytest
from guard_numbers import fake_worker
from test_master import drain

import plumbline_guard
import plumbline_guard_master
from plumbline_guard_replacement import SERVING, has_told


class Arbiter:
    """What of gunicorn's arbiter the guard wraps."""

    def __init__(self):
        self.calls = []
        self.log = SimpleNamespace(error_log=SimpleNamespace(disabled=True), access_log=SimpleNamespace(disabled=True))
        self.WORKERS = {}
        self.num_workers = 2

    def murder_workers(self):
        self.calls.append("murder")
        return "murdered"

    def reap_workers(self):
        self.calls.append("reap")
        return "reaped"

    def manage_workers(self):
        self.calls.append("manage")

    def reload(self):
        self.calls.append("reload")


@pytest.mark.parametrize(("method", "result"), [("murder_workers", "murdered"), ("reap_workers", "reaped")])
def test_each_turn_of_the_loop_beats_twice_a_second_at_most(monkeypatch, method, result):
    clock = SimpleNamespace(now=100.0)
    beats = []
    monkeypatch.setattr(plumbline_guard_master, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(plumbline_guard_master, "master_beat", SimpleNamespace(note=lambda: beats.append(clock.now)))
    monkeypatch.setattr(plumbline_guard_master, "watchdog", lambda: lambda: beats.append("notified"))
    arbiter = Arbiter()
    plumbline_guard_master.when_ready(arbiter)
    beats.clear()
    for clock.now in (100.0, 100.4, 100.5, 100.9, 101.0):
        assert getattr(arbiter, method)() == result
    assert beats == [100.0, "notified", 100.5, "notified", 101.0, "notified"]
    assert len(arbiter.calls) == 5


def test_the_master_manages_workers_and_reloads_as_before(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    arbiter = Arbiter()
    plumbline_guard_master.when_ready(arbiter)
    arbiter.manage_workers()
    arbiter.reload()
    assert arbiter.calls == ["manage", "reload"]
    assert not arbiter.log.error_log.disabled
    assert not arbiter.log.access_log.disabled


def test_a_time_that_is_shared_ages_for_every_process(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(plumbline_guard_master, "time", SimpleNamespace(monotonic=lambda: clock.now))
    shared = plumbline_guard_master.SharedTime()
    clock.now = 350.5
    assert shared.age() == 250.5
    child = os.fork()
    if not child:
        shared.note()
        os._exit(0)
    os.waitpid(child, 0)
    assert shared.age() == 0


@pytest.mark.parametrize("name", ["@plumbline-{}", "{}/notify"])
def test_systemds_socket_may_have_a_name_or_a_path(monkeypatch, tmp_path, name):
    name = name.format(tmp_path)
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(name.replace("@", "\0"))
    systemd.settimeout(1)
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    notify = plumbline_guard_master.watchdog()
    notify()
    assert systemd.recv(100) == b"WATCHDOG=1"
    systemd.close()
    notify()  # systemd restarts


def test_a_systemd_that_does_not_listen_is_not_waited_for(monkeypatch, tmp_path):
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    notify = plumbline_guard_master.watchdog()
    for _ in range(1000):  # its queue is full
        notify()
    assert len(drain(systemd)) < 1000


@pytest.mark.parametrize("missing", ["NOTIFY_SOCKET", "WATCHDOG_USEC"])
def test_without_a_watchdog_nobody_is_told(monkeypatch, tmp_path, missing):
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.delenv(missing)
    plumbline_guard_master.watchdog()()
    assert drain(systemd) == []


def worker_of(name, *bases):
    """A worker whose class has this name, with its log and its heartbeat."""
    worker = type(name, bases, {})()
    fake = fake_worker()
    worker.__dict__.update(vars(fake), sockets=[SimpleNamespace(accept="accept"), SimpleNamespace(accept="accept")])
    logger = SimpleNamespace(disabled=True)
    worker.log.error_log = worker.log.access_log = logger
    del worker.__dict__["wsgi" if name == "ASGIWorker" else "asgi"]
    return worker


@pytest.fixture
def configured(tmp_path):
    plumbline_guard.configure(
        request_timeout=5,
        queue_timeout=2,
        proxy_read_timeout=11,
        slots=3,
        backlog=300,
        answer_health=True,
        serving_file=str(tmp_path / "serving"),
    )
    return tmp_path / "serving"


@pytest.mark.parametrize(
    ("name", "limit"),
    [("SyncWorker", "AlarmLimit"), ("ThreadWorker", "ThreadLimit"), ("GeventWorker", "GreenletLimit")],
)
def test_a_worker_is_guarded_by_the_limit_of_its_class(configured, name, limit):
    worker = worker_of("Own", type(name, (), {}))
    began = time.time()
    plumbline_guard.post_worker_init(worker)
    assert (type(worker.wsgi).__name__, worker.wsgi.seconds) == ("WsgiHop", 5)
    assert type(worker.wsgi.app.limit).__name__ == limit
    assert [listener.accept == "accept" for listener in worker.sockets] == [name == "GeventWorker"] * 2
    assert configured.exists()
    assert has_told(worker, SERVING)
    assert not worker.log.error_log.disabled
    assert began <= plumbline_guard.settings.booted <= time.time()


def test_the_limit_of_threads_knows_how_many_there_are_and_how_long_nginx_waits(configured):
    limit = plumbline_guard.thread_limit()
    assert (limit.threads, limit.patience) == (3, 6)


def test_an_asgi_worker_is_guarded_and_serves_when_it_listens(configured):
    worker = worker_of("ASGIWorker")
    worker.loop = SimpleNamespace(create_server="create")
    plumbline_guard.post_worker_init(worker)
    assert (type(worker.asgi).__name__, worker.asgi.seconds) == ("AsgiHop", 5)
    assert type(worker.asgi.app).__name__ == "AsgiGuard"
    assert worker.loop.create_server != "create"
    assert not configured.exists()
    assert worker.sockets[0].accept == "accept"


def test_a_worker_of_another_class_is_refused(configured):
    with pytest.raises(RuntimeError, match="knows sync, gthread, gevent and asgi, not Own"):
        plumbline_guard.post_worker_init(worker_of("Own"))


def test_configuring_is_a_beat_of_the_master(configured):
    assert plumbline_guard_master.master_beat.age() < 1
    assert plumbline_guard.settings.master_silence == 10
