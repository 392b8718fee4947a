"""The disk of a machine is never full: readers that read nothing, uploads, and a storm of long lines in the log.

Its root volume has 8 GiB, as a file system in an image of that size.

What the plan says of it stands in test/plan/golden/disk-plans.txt, `8 GiB t3.small gthread`.
"""

import contextlib
import json
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from rig.changes import changed, wait_for_load_balancer
from rig.changes import read as read_file
from rig.deploy import ROOT
from rig.machine import Machine
from rig.shared_machines import SharedMachines, Wanted
from rig.shell import wait_until

LIMIT = 5  # requestTimeout
READ_AHEAD = 1  # MiB: proxy_max_temp_file_size
PLANNED = {"/var/spool/nginx/responses": 190, "/var/spool/nginx/uploads": 98, "/var/log/nginx": 512}  # MiB
NGINX = "etc/nginx/nginx.conf"
RESPONSES = "/var/spool/nginx/responses"
APPLICATION_UPLOADS = 98  # MiB: what the application makes of them
LARGEST = 10 << 20  # clientMaxBodySize
LARGEST_AT_ONCE = 8
ELSE = 32  # MiB: the journal, and what a machine writes meanwhile
MIB = 1 << 20

WANTED = Wanted(
    {
        "wanted": json.dumps(
            {
                "directory": str(ROOT / "test/machine/apps/disk"),
                "application": {"wsgi": "disk:application"},
                "requestTimeout": LIMIT,
                "volumeSize": 8,
            }
        )
    },
    "npx tsx test/machine/apps/wanted.ts",
    {"volume_gibibytes": 8},
)


@pytest.fixture
def machine(shared: SharedMachines) -> Machine:
    machine = shared.get(WANTED)
    wait_for_load_balancer(machine)
    return machine


def used(machine: Machine, folder: str) -> float:
    """MiB of the file system that the folder is on."""
    found = os.statvfs(f"/proc/{machine.guest.leader}/root{folder}")
    return (found.f_blocks - found.f_bfree) * found.f_frsize / MIB


def connect(machine: Machine, request: bytes) -> socket.socket:
    """Sends a request and reads nothing; what waits for it waits in nginx, and not in the kernel."""
    with machine.region.network.inside():
        made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.settimeout(30)
    made.connect(machine.direct.address)
    made.sendall(request)
    return made


def download(machine: Machine, mebibytes: int) -> socket.socket:
    return connect(machine, f"GET /?mib={mebibytes} HTTP/1.1\r\nHost: disk\r\nConnection: close\r\n\r\n".encode())


def read(connection: socket.socket) -> int:
    """MiB that arrive."""
    total = 0
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(MIB):
            total += len(part)
    connection.close()
    return total >> 20


def upload(machine: Machine, seconds: float = 0) -> int:
    answer = machine.direct.request("POST", f"/?seconds={seconds}", b"x" * LARGEST)
    assert answer.status == 200 or answer.headers["retry-after"] == "1"
    return answer.status


@dataclass
class Worst:
    """The most that each file system has held, in MiB."""

    held: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def of(self, machine: Machine) -> Iterator[None]:
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(0.05):
                for folder in [*PLANNED, "/"]:
                    self.held[folder] = max(self.held.get(folder, 0), used(machine, folder))

        looking = threading.Thread(target=look)
        looking.start()
        try:
            yield
        finally:
            ended.set()
            looking.join()


def test_what_is_kept_of_requests_and_of_their_log_has_file_systems_of_its_own(machine):
    sizes = machine.run(f"df --block-size=1M --output=target,size {' '.join(PLANNED)}").splitlines()[1:]
    for folder, size in map(str.split, sizes):
        assert PLANNED[folder] * 0.9 < int(size) <= PLANNED[folder], folder
    root = os.statvfs(f"/proc/{machine.guest.leader}/root/")
    assert 7.5 * 1024 < root.f_blocks * root.f_frsize / MIB <= 8 * 1024


def test_no_more_is_read_ahead_for_a_client_that_reads_nothing_than_the_plan_says(machine):
    before = used(machine, RESPONSES)
    readers = [download(machine, 100) for _ in range(3)]
    wait_until("nginx has read ahead", lambda: used(machine, RESPONSES) - before >= 3 * READ_AHEAD - 0.1, 10)
    time.sleep(1)
    assert used(machine, RESPONSES) - before <= 3 * (READ_AHEAD + 0.05)
    for reader in readers:
        reader.close()


def test_without_that_one_such_client_takes_all_the_room_for_responses_and_no_other(machine):
    conf = read_file(machine, NGINX)
    before = used(machine, "/")
    with changed(machine, {NGINX: conf.replace("proxy_max_temp_file_size 1m;", "")}):
        reader = download(machine, 170)
        wait_until("there is no room", lambda: used(machine, RESPONSES) > PLANNED[RESPONSES] * 0.85, 20)
        assert used(machine, "/") - before < ELSE
        assert machine.get("/").status == 200
        assert upload(machine) == 200
        reader.close()


def test_who_reads_within_request_timeout_gets_all_of_it(machine):
    assert read(download(machine, 100)) == 100


def test_a_reader_that_is_too_slow_is_cut_at_request_timeout_and_gives_its_worker_back(machine):
    reader = download(machine, 100)
    time.sleep(LIMIT + 2)
    assert read(reader) < 2
    said = machine.run("journalctl -u gunicorn -o cat -n 50")
    assert "request guard: GET / ran longer than requestTimeout (5 s)" in said
    assert machine.get("/").status == 200


@contextlib.contextmanager
def small_send_buffers(machine: Machine) -> Iterator[None]:
    """What a client does not read waits in the kernel first, 2.7 MiB of it (run): here almost all waits in nginx."""
    before = machine.run("sysctl -n net.ipv4.tcp_wmem")
    machine.run("sysctl -qw net.ipv4.tcp_wmem='4096 16384 16384'")
    try:
        yield
    finally:
        machine.run(f"sysctl -qw net.ipv4.tcp_wmem='{before}'")


def fill_with_readers(machine: Machine) -> list[socket.socket]:
    """Readers that read nothing, until no other finds room: each is served at once, and its answer stays on disk."""
    readers: list[socket.socket] = []
    while used(machine, RESPONSES) < PLANNED[RESPONSES] * 0.85:
        assert len(readers) < 1000
        readers.append(download(machine, 1))
        time.sleep(0.01)
    return readers


def fill_with_uploads(machine: Machine, pool: ThreadPoolExecutor) -> list[Future[int]]:
    """One after the other: those that arrive at the same moment share the room, and none of them may find enough."""
    uploads = []
    for _ in range(3 * LARGEST_AT_ONCE):
        uploads.append(pool.submit(upload, machine, 4))
        time.sleep(0.15)
    return uploads


def test_slow_readers_uploads_and_a_storm_in_the_log_at_once_fill_nothing_but_their_own(machine):
    line = f"GET /.plumbline/health?{'z' * 7500} HTTP/1.1\r\nHost: disk\r\n\r\n".encode()

    def storm() -> None:
        connection = connect(machine, b"")
        sent, threads = 0, threading.Thread(target=lambda: read(connection))
        threads.start()
        with contextlib.suppress(OSError):  # after keepalive_requests
            while sent < 1000:
                connection.sendall(line * 100)
                sent += 100
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        threads.join()

    before = used(machine, "/")
    worst = Worst()
    with small_send_buffers(machine), worst.of(machine), ThreadPoolExecutor(64) as pool:
        readers = fill_with_readers(machine)
        uploads = fill_with_uploads(machine, pool)
        storms = [pool.submit(storm) for _ in range(80)]
        readers += [download(machine, 1) for _ in range(50)]
        statuses = Counter(one.result() for one in uploads)
        for one in storms:
            one.result()
        complete = Counter(read(reader) for reader in readers)

    for folder, planned in PLANNED.items():
        assert planned * 0.85 < worst.held[folder] <= planned, folder
    assert worst.held["/"] - before <= APPLICATION_UPLOADS + ELSE
    assert set(statuses) == {200, 503}
    assert complete[1] >= PLANNED[RESPONSES] * 0.7

    wait_until("nginx gives the room back", lambda: used(machine, RESPONSES) < 10, 10)
    assert machine.get("/").status == 200
    assert upload(machine) == 200
    assert read(download(machine, 10)) == 10


def test_all_of_it_is_there_again_after_a_reboot_before_nginx_starts(machine):
    machine.guest.reboot()
    machine.wait_for_service()
    mounts = machine.run("findmnt --noheadings --output TARGET --type ext4").splitlines()
    assert set(PLANNED) <= set(mounts)
    for unit in ("var-spool-nginx-responses.mount", "var-spool-nginx-uploads.mount", "var-log-nginx.mount"):
        assert "nginx.service" in machine.run(f"systemctl show --property Before {unit}")
    assert upload(machine) == 200
