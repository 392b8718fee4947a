"""The master's beat: the health check's answer and systemd's watchdog hang on it."""

import contextlib
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.mark.parametrize("answer_health", [True, False])
def test_a_hung_master_fails_the_health_check(own_server, worker_class, answer_health):
    server = own_server(worker_class, answer_health=answer_health)
    healthy = server.health()
    # without answer_health the application answers, and this one knows no such path
    assert healthy.status == (200 if answer_health else 500)
    server.process.send_signal(signal.SIGSTOP)
    server.wait_for(lambda: server.health().status == 503, "the 503")
    assert server.get("/quick").status == 200
    server.process.send_signal(signal.SIGCONT)
    server.wait_for(lambda: server.health().status == healthy.status, "the recovery")


def test_a_reload_that_waits_for_a_long_request_keeps_the_beat(own_server, worker_class):
    server = own_server(worker_class, limit=5)
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(server.get, "/naps?3.5")
        time.sleep(0.3)
        server.process.send_signal(signal.SIGHUP)
        statuses = []
        while not long.done():
            statuses.append(server.health().status)
            time.sleep(0.1)
        assert long.result().status == 200
    assert set(statuses) == {200}
    assert len(statuses) > 20


def drain(systemd):
    systemd.setblocking(False)
    messages = []
    with contextlib.suppress(BlockingIOError):
        while True:
            messages.append(systemd.recv(100))
    return messages


def test_systemd_is_told_while_the_master_runs_and_not_while_it_hangs(own_server, tmp_path):
    path = str(tmp_path / "notify")
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(path)
    server = own_server("sync", env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "5000000"})
    systemd.settimeout(3)
    while systemd.recv(100) != b"WATCHDOG=1":
        pass
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(0.2)
    drain(systemd)
    time.sleep(1.5)
    assert drain(systemd) == []
    server.process.send_signal(signal.SIGCONT)
    systemd.settimeout(3)
    while systemd.recv(100) != b"WATCHDOG=1":
        pass


def test_without_a_watchdog_readiness_is_told_and_how_many_workers_serve(own_server, tmp_path):
    path = str(tmp_path / "notify")
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(path)
    own_server("sync", env={"NOTIFY_SOCKET": path}, workers=2)
    time.sleep(1.5)
    messages = [message.split(b"\n")[0].decode() for message in drain(systemd)]
    assert messages[:2] == ["READY=1", "STATUS=0 of 2 workers serve"]
    assert messages[-1] == "STATUS=2 of 2 workers serve"
    assert all("workers serve" in message for message in messages[1:])


def test_a_worker_class_that_the_guard_does_not_know_stops_gunicorn(own_server):
    with pytest.raises(AssertionError, match="knows sync, gthread, gevent and asgi, not Worker"):
        own_server("gunicorn.workers.base.Worker")
