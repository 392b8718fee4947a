"""What depends on nginx' version: Debian's on the one hand, one as new as Amazon Linux' on the other."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.machine import Machine
from rig.newer_nginx import newer_nginx

REQUEST = b"GET /health HTTP/1.1\r\nHost: site\r\n\r\n"


def idle_connection(machine: Machine) -> socket.socket:
    """As a load balancer keeps one, after a request."""
    connection = machine.region.network.connect((machine.instance.address, 80), 10)
    assert answer(connection).startswith(b"HTTP/1.1 200")
    return connection


def answer(connection: socket.socket) -> bytes:
    connection.sendall(REQUEST)
    return connection.recv(65536)


def stopped_after(machine: Machine) -> float:
    start = time.monotonic()
    machine.run("systemctl stop nginx", timeout=120)
    return time.monotonic() - start


class TestChangedInPlace:
    @pytest.fixture(params=["packaged", "newer"])
    def machine(self, request, data: Callable) -> Iterator[Machine]:
        machine = data("mysql")
        if request.param == "packaged":
            yield machine
            return
        with newer_nginx(machine) as version:
            assert tuple(map(int, version.split("."))) > (1, 29, 7)
            yield machine

    def test_a_stop_does_not_wait_for_idle_connections_and_loses_no_request(self, machine):
        with idle_connection(machine), ThreadPoolExecutor(1) as pool:
            slow = pool.submit(machine.direct.get, "/slow?seconds=4")
            time.sleep(1)
            assert 2 < stopped_after(machine) < 6
            assert slow.result().status == 200
        machine.run("systemctl start nginx")


class TestReplaced:
    def test_a_reload_keeps_the_connections_that_a_load_balancer_is_about_to_use(self, shared):
        machine = shared()
        with newer_nginx(machine), idle_connection(machine) as connection:
            assert "keepalive_min_timeout" in machine.run("nginx -T 2>/dev/null | grep -v '^ *#'")
            machine.run("systemctl reload nginx")
            time.sleep(2)
            assert answer(connection).startswith(b"HTTP/1.1 200")
