"""The timeouts that people start from, on the same machine: the failure that this project is about.

nginx and an ALB wait 60 s, gunicorn's sync workers 30 s, all scaled down to a tenth. The request waits in C, as a query
does, for a tenth of 70 s.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from rig import usual as files_of
from rig.changes import changed, wait_for_load_balancer
from rig.http_client import HttpClient, Response
from rig.load_balancer import LoadBalancer
from rig.logs import Logs
from rig.machine import Machine

QUERY = "/stuck?seconds=7&lock=released"

# The guard feeds systemd's watchdog, and it is not there.
NO_WATCHDOG = "[Service]\nWatchdogSec=0\n"


@pytest.fixture
def machine(shared: Callable) -> Machine:
    return shared()


@contextmanager
def usual(machine: Machine, gunicorn: int = 3, nginx: int = 6, balancer: int = 6) -> Iterator[HttpClient]:
    """The machine with other people's numbers, and a client behind a load balancer with its default."""
    files = {
        "etc/nginx/nginx.conf": files_of.nginx(machine, "unix:/run/gunicorn/app.sock", nginx),
        "etc/gunicorn/gunicorn.conf.py": files_of.gunicorn(machine, gunicorn),
        "etc/systemd/system/gunicorn.service.d/usual.conf": NO_WATCHDOG,
    }
    network, settings = machine.region.network, replace(machine.balancer.settings, idle_timeout=balancer)
    with changed(machine, files):
        wait_for_load_balancer(machine)
        other = LoadBalancer(network, settings, machine.instance.address, machine.region.folder, port=8080)
        try:
            yield HttpClient(network, other.address, machine.stack.balancer_name)
        finally:
            other.stop()


def told(answer: Response) -> str:
    return f"{answer.status} after {answer.seconds:.1f} s: {answer.text[:200]}"


def test_the_usual_timeouts_end_the_request_with_upstream_prematurely_closed_connection(machine):
    with usual(machine) as client:
        logs = Logs(machine)
        answer = client.get(QUERY)
        assert answer.status == 502, told(answer)
        assert 3 < answer.seconds < 6, told(answer)
        assert logs.nginx_errors() == [
            (QUERY, "upstream prematurely closed connection while reading response header from upstream")
        ]
        assert "WORKER TIMEOUT (pid)" in logs.gunicorn()


def test_raising_gunicorns_timeout_moves_the_failure_to_nginx(machine):
    # 60 s in nginx and in the load balancer are a race: here the load balancer loses it
    with usual(machine, gunicorn=30, balancer=8) as client:
        logs = Logs(machine)
        answer = client.get(QUERY)
        assert answer.status == 504, told(answer)
        assert answer.headers.get("server", "").startswith("nginx"), told(answer)
        assert 5.5 < answer.seconds < 7, told(answer)
        assert logs.nginx_errors() == [
            (QUERY, "upstream timed out (110: Connection timed out) while reading response header from upstream")
        ]


def test_raising_that_of_nginx_too_moves_it_to_the_load_balancer(machine):
    with usual(machine, gunicorn=30, nginx=30) as client:
        logs = Logs(machine)
        answer = client.get(QUERY)
        assert answer.status == 504, told(answer)
        assert "server" not in answer.headers, f"nginx answered, not the load balancer: {told(answer)}"
        assert 5.5 < answer.seconds < 7, told(answer)
        assert logs.nginx_errors() == []


def test_the_same_request_gets_200_on_a_path_that_was_planned(machine):
    logs = Logs(machine)
    answer = machine.get(QUERY)
    assert answer.status == 200, told(answer)
    assert logs.nginx_errors() == []
