"""Requests and their answers on booted machines, in every worker class: who asks, as a table of what a client sends,
what the application sees and what is logged, behind either load balancer; answers that are given early; work after an
answer; a WebSocket that is idle for longer than any hop waits. On the machines of test_deadlines."""

import collections
import http.client
import json
import re
import socket
import ssl
import struct
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest

from rig.certificates import certificates
from rig.changes import changed, read, wait_for_load_balancer
from rig.deploy import ROOT
from rig.load_balancer import SITE, LoadBalancer
from rig.logs import Logs
from rig.machine import Machine
from rig.network import BALANCER, VPC_RANGE
from rig.shared_machines import SharedMachines, Wanted
from rig.shell import wait_until
from test_deadlines import LIMIT, WORKER_CLASSES, context

GUNICORN, NGINX = "etc/gunicorn/gunicorn.conf.py", "etc/nginx/nginx.conf"
APPS = ROOT / "runtime/tests/apps"
MODULES = "usr/local/lib/plumbline"
BOTH = """
import answers
import echo


def application(environ, start_response):
    way = environ["PATH_INFO"].removeprefix("/answers")
    if way == environ["PATH_INFO"]:
        return echo.application(environ, start_response)
    return answers.application({**environ, "PATH_INFO": way}, start_response)


async def asgi(scope, receive, send):
    way = scope.get("path", "").removeprefix("/answers")
    app = echo.asgi if way == scope.get("path", "") else answers.asgi
    await app({**scope, "path": way}, receive, send)
"""

# Clients on the internet; one at BALANCER is one of the VPC.
OUTSIDE, OUTSIDE_6 = "198.51.100.7", "2001:db8::7"
SIZES = [10_000, 200_000, 2_000_000, 10_000_000]
EACH = 50  # of each size: 200 in every class
IDLE = 18  # seconds: nginx waits for 11, the load balancer for 16
CLIENTS = {"outside": OUTSIDE, "vpc": BALANCER}
WHO = "/who"
FORGED = "6.6.6.6"
FORGERIES = {
    "Client-IP": FORGED,
    "Forwarded": f"for={FORGED};host=evil.example;proto=https",
    "Host": SITE,
    "True-Client-IP": FORGED,
    "X-Forwarded-For": f"{FORGED}, 10.0.0.9",
    "X-Forwarded-Host": FORGED,
    "X-Forwarded-Port": "6",
    "X-Forwarded-Prefix": FORGED,
    "X-Forwarded-Proto": "https",
    "X-Plumbline-Health": FORGED,
    "X-Real-IP": FORGED,
    "X-Real-Port": "6",
    "X-Request-Id": FORGED,
}
HANDSHAKE = (
    f"GET /answers/socket HTTP/1.1\r\nHost: {SITE}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@dataclass
class Trial:
    seen: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    logged: dict[tuple[str, str, str], str] = field(default_factory=dict)
    early: dict[int, collections.Counter] = field(default_factory=dict)
    journal: str = ""
    socket: "WebSocket | None" = None
    stopped_after: float = 0


class WebSocket:
    """As runtime/tests/test_websockets.py has it."""

    def __init__(self, machine: Machine):
        self.connection = machine.region.network.connect(machine.balancer.address, 30)
        self.connection.sendall(HANDSHAKE.encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.connection.recv(1)
        self.opened = time.monotonic()
        self.status = int(head.split()[1])
        self.frames: list[tuple[int, bytes]] = []

    def send(self, kind: int, payload: bytes) -> None:
        self.connection.sendall(bytes([kind, 0x80 | len(payload), 0, 0, 0, 0]) + payload)

    def receive(self) -> tuple[int, bytes] | None:
        """The next frame that is no ping."""
        while head := self.connection.recv(2, socket.MSG_WAITALL):
            payload = self.connection.recv(head[1], socket.MSG_WAITALL) if head[1] else b""
            if head[0] != 0x89:
                return head[0], payload
            self.send(0x8A, payload)
        return None


@dataclass(frozen=True)
class Way:
    """To the machine."""

    address: tuple[str, int]
    tls: bool = False

    def open(self, client: str) -> socket.socket:
        connection = socket.create_connection(self.address, 30, source_address=(client, 0))
        if not self.tls:
            return connection
        trusts = ssl.create_default_context(cafile=certificates().authority)
        return trusts.wrap_socket(connection, server_hostname=SITE)


def ask(machine: Machine, way: Way, client: str, headers: dict[str, str]) -> dict[str, Any]:
    connection = http.client.HTTPConnection(*way.address, timeout=30)
    with machine.region.network.inside():
        connection.sock = way.open(client)
    try:
        connection.request("GET", WHO, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        return json.loads(answer.read())
    finally:
        connection.close()


def ask_from_everywhere(trial: Trial, machine: Machine, balancer: str, way: Way, clients: dict[str, str]) -> None:
    for place, client in clients.items():
        for kind, headers in (("real", {"Host": SITE}), ("forged", FORGERIES)):
            logs = Logs(machine)
            trial.seen[balancer, place, kind] = ask(machine, way, client, headers)
            trial.logged[balancer, place, kind] = wait_until("its line", partial(client_logged, logs), 10)


def ask_over_tls(trial: Trial, machine: Machine) -> None:
    """From a load balancer with an HTTPS listener, and from one of dual stack."""
    settings = replace(machine.balancer.settings, scheme="https", tls=True)
    balancer = LoadBalancer(machine.region.network, settings, machine.instance.address, machine.region.folder, port=443)
    try:
        ask_from_everywhere(trial, machine, "application", Way(balancer.address, tls=True), {"tls": OUTSIDE})
        ask_from_everywhere(
            trial, machine, "application", Way(balancer.dual_stack_address, tls=True), {"ipv6": OUTSIDE_6}
        )
    finally:
        balancer.stop()


def client_logged(logs: Logs) -> str | None:
    return next((line["client"] for line in logs.requests() if WHO in line["request"]), None)


def answered_early(machine: Machine, size: int) -> collections.Counter:
    def post(_: int) -> int:
        return machine.http.request("POST", "/answers/refuses", bytes(size)).status

    with ThreadPoolExecutor(4) as pool:
        return collections.Counter(pool.map(post, range(EACH)))


def behind_a_network_load_balancer(worker_class: str) -> str:
    plan = {"loadBalancer": "network", "workerClass": worker_class, "requestTimeout": LIMIT}
    specification = json.dumps({"plan": plan, "trustedProxies": [VPC_RANGE]})
    command = ["npx", "tsx", "test/support/rendered-nginx.ts", specification]
    text = subprocess.check_output(command, cwd=ROOT, text=True)
    return re.sub(r"(?m)^.*since nginx .*\n", "", text)


def try_all(machine: Machine, worker_class: str) -> Trial:
    trial = Trial()
    asgi = worker_class == "asgi"
    files = {f"{MODULES}/{name}.py": (APPS / f"{name}.py").read_text() for name in ("answers", "echo")}
    files[f"{MODULES}/both.py"] = BOTH
    conf = re.sub(
        r"(?m)^wsgi_app = .*", f'wsgi_app = "both:{"asgi" if asgi else "application"}"', read(machine, GUNICORN)
    )
    for address in (f"{OUTSIDE}/32", f"{OUTSIDE_6}/128"):
        machine.region.network.ip("addr", "replace", address, "dev", "lo")
    with changed(machine, {**files, GUNICORN: conf}):
        wait_for_load_balancer(machine)
        logs = Logs(machine)
        if asgi:
            trial.socket = WebSocket(machine)
        assert machine.get(f"/answers/works-on?{LIMIT - 1}").seconds < 2
        ask_from_everywhere(trial, machine, "application", Way(machine.balancer.address), CLIENTS)
        ask_over_tls(trial, machine)
        trial.early = {size: answered_early(machine, size) for size in SIZES}
        wait_until("the work after an answer ends", lambda: "worked after its answer" in logs.journal(), LIMIT + 3)
        if trial.socket:
            try_socket(trial, trial.socket, machine)
        trial.journal = logs.journal()
    with changed(machine, {**files, GUNICORN: conf, NGINX: behind_a_network_load_balancer(worker_class)}):
        wait_for_load_balancer(machine)
        ask_from_everywhere(trial, machine, "network", Way(machine.direct.address), CLIENTS)
    return trial


def try_socket(trial: Trial, client: WebSocket, machine: Machine) -> None:
    """Idle until now; then the machine stops what serves, as at its end."""
    time.sleep(max(0.0, client.opened + IDLE - time.monotonic()))
    client.send(0x81, b"still here")
    client.frames.append(client.receive())
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        stop = pool.submit(machine.run, "systemctl stop nginx && systemctl stop gunicorn.socket gunicorn", timeout=120)
        client.frames.append(client.receive())
        client.send(0x88, struct.pack("!H", 1012))
        stop.result()
    trial.stopped_after = time.monotonic() - began
    machine.run("systemctl start gunicorn.socket gunicorn nginx")
    wait_for_load_balancer(machine)


@pytest.fixture(scope="module")
def trials(request, shared: SharedMachines) -> dict[str, Trial]:
    """Of the classes that are asked for: booted side by side, tried one after the other."""
    here = [item for item in request.session.items if item.path == request.path]
    asked = [name for name in WORKER_CLASSES if any(item.callspec.params["worker_class"] == name for item in here)]
    shared.prepare(Wanted(context(name)) for name in asked)
    return {name: try_all(shared(context(name)), name) for name in asked}


@pytest.fixture(params=WORKER_CLASSES)
def worker_class(request) -> str:
    return request.param


@pytest.fixture
def trial(worker_class: str, trials: dict[str, Trial]) -> Trial:
    return trials[worker_class]


@pytest.mark.parametrize("kind", ["real", "forged"])
@pytest.mark.parametrize(
    ("balancer", "place", "client", "port"),
    [
        ("application", "outside", OUTSIDE, 80),
        ("application", "vpc", BALANCER, 80),
        ("application", "tls", OUTSIDE, 443),
        ("application", "ipv6", OUTSIDE_6, 443),
        ("network", "outside", OUTSIDE, 80),
        ("network", "vpc", BALANCER, 80),
    ],
)
def test_the_application_and_the_log_know_who_asks(trial, balancer, place, client, port, kind):
    seen = trial.seen[balancer, place, kind]
    scheme = "https" if port == 443 else "http"
    assert (seen["client"][0], seen["server"], seen["scheme"]) == (client, [SITE, port], scheme)
    # the rig's load balancer does not say the port of its client
    assert seen["client"][1] == 0 if balancer == "application" else 1024 <= seen["client"][1] < 65536
    assert trial.logged[balancer, place, kind] == client
    headers = {name: value for name, value in seen["headers"].items() if name.startswith("x-forwarded-")}
    assert headers == {
        "x-forwarded-for": client,
        "x-forwarded-host": SITE,
        "x-forwarded-port": str(port),
        "x-forwarded-proto": scheme,
    }
    assert [name for name, value in seen["headers"].items() if FORGED in value or "evil" in value] == []


@pytest.mark.parametrize("size", SIZES)
def test_an_answer_that_is_given_before_the_body_is_read_arrives(trial, size):
    assert trial.early[size] == {403: EACH}


def test_work_after_an_answer_has_the_time_of_a_request(trial):
    assert "ran longer than requestTimeout" not in trial.journal


@pytest.mark.parametrize("worker_class", ["asgi"])
def test_an_idle_web_socket_lives_and_is_closed_with_a_code_at_a_stop_that_does_not_wait(trial):
    """The plan gives nginx 11 s of silence, the load balancer 16, and a stop as long."""
    assert trial.socket.status == 101
    assert trial.socket.frames == [(0x81, b"still here"), (0x88, struct.pack("!H", 1012) + b"the server restarts")]
    assert trial.stopped_after < 5
    assert "disconnected 1012" in trial.journal
