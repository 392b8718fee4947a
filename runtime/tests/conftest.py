"""Real gunicorn processes on UNIX sockets, with the guard installed as the rendered gunicorn.conf.py does it."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from database_servers import PROGRAMS, SERVERS
from listed_packages import Project
from machine_shell import MachineShell

HERE = Path(__file__).parent
WORKER_CLASSES = ["sync", "gthread", "gevent", "asgi"]
LIMIT = 1
QUEUE = 0.5

CONF = """
{first}
import plumbline_guard
plumbline_guard.configure(
    request_timeout={limit}, queue_timeout={queue}, proxy_read_timeout={read_timeout}, slots={threads}, backlog=300,
    answer_health={answer_health}, web_socket_ping={ping}, serving_file="{folder}/serving", master_silence=2,
)
when_ready = plumbline_guard.when_ready
post_worker_init = plumbline_guard.post_worker_init
bind = ["unix:{folder}/app.sock", "unix:{folder}/health.sock"]
worker_class = "{worker_class}"
workers = {workers}
threads = {threads}
worker_connections = {threads} if worker_class == "gthread" else 1000
keepalive = 0
timeout = {limit} + 2
graceful_timeout = {limit} + 4
backlog = 300
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
errorlog = "{folder}/error.log"
accesslog = "{folder}/access.log"
{more}
"""


@dataclass
class Answer:
    status: int  # 0 when the connection ended without an answer
    headers: dict
    body: bytes
    seconds: float
    cut: bool  # the body ended early

    @property
    def pid(self):
        return int(self.body.split()[0])


class Server:
    def __init__(
        self,
        folder,
        worker_class,
        *,
        app=None,
        limit=LIMIT,
        queue=QUEUE,
        read_timeout=60,
        workers=1,
        threads=4,
        answer_health=True,
        ping=20,
        env=None,
        first="",
        more="",
    ):
        self.folder = folder
        conf = {
            "folder": folder,
            "limit": limit,
            "queue": queue,
            "read_timeout": read_timeout,
            "worker_class": worker_class,
            "workers": workers,
            "threads": 1 if worker_class in ("sync", "gevent") else threads,
            "answer_health": answer_health,
            "ping": ping,
            "first": first,
            "more": more,
        }
        self.threads = conf["threads"]
        (folder / "gunicorn.conf.py").write_text(CONF.format(**conf))
        app = app or ("asgi:application" if worker_class == "asgi" else "wsgi:application")
        self.environment = {
            **os.environ,
            **(env or {}),
            "PYTHONPATH": f"{HERE.parent}:{HERE / 'apps'}:{HERE.parent / 'sample'}",
            "RECORD": str(folder / "record"),
        }
        command = [sys.executable, "-m", "gunicorn", "-c", str(folder / "gunicorn.conf.py"), app]
        with open(folder / "stderr", "wb") as stderr:
            self.process = subprocess.Popen(
                command, env=self.environment, cwd=folder, stderr=stderr, start_new_session=True
            )
        self.wait_for(lambda: (folder / "serving").exists(), "the start")

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        connection.connect(str(self.folder / "app.sock"))
        return connection

    def get(self, target, headers=None, method="GET", body=None):
        start = time.monotonic()
        client = http.client.HTTPConnection("site", timeout=20)
        client.sock = self.connect()
        status, answer_headers, received, cut = 0, {}, b"", False
        try:
            # the body goes after the head, and what is refused may be answered and closed in between
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.request(method, target, body=body, headers=headers or {})
            response = client.getresponse()
            status, answer_headers = response.status, response.headers
            received = response.read()
        except http.client.IncompleteRead as error:
            received, cut = error.partial, True
        except (http.client.HTTPException, OSError):
            pass
        finally:
            client.close()
        return Answer(status, answer_headers, received, time.monotonic() - start, cut)

    def health(self, headers=None):
        """A health check, as nginx passes it on."""
        return self.get("/health", {"X-Plumbline-Health": "1", **(headers or {})})

    def post_and_leave(self, target, size):
        """A client that sends its request and is gone."""
        connection = self.connect()
        connection.sendall(
            f"POST {target} HTTP/1.1\r\nHost: site\r\nContent-Length: {size}\r\n\r\n".encode() + bytes(size)
        )
        connection.close()

    def record(self):
        path = self.folder / "record"
        return path.read_text().split() if path.exists() else []

    def log(self, name="error.log"):
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def manage(self, *arguments):
        """A command of the sample project, in the server's environment."""
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=HERE.parent / "sample", env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def wait_for(self, condition, what, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"gunicorn ended: {(self.folder / 'stderr').read_text()}{self.log()}"
            assert time.monotonic() < end, f"{what} did not come: {self.log()}"
            time.sleep(0.02)

    def wait_for_line(self, pattern, after=0, seconds=10):
        """The match of a line in the log, from there on: it may come later than the answer, from another thread."""
        self.wait_for(lambda: re.search(pattern, self.log()[after:]), pattern, seconds)
        return re.search(pattern, self.log()[after:])

    def wait_for_age(self, seconds):
        """Until the worker is this old: the serving file is touched by each at its start."""
        serving = self.folder / "serving"
        self.wait_for(lambda: time.time() - serving.stat().st_mtime > seconds, "the age")

    def wait_for_another_worker(self, pid):
        # on a busy machine a start takes seconds, and the guard rests for three times as long before the next
        another = lambda: (answer := self.get("/quick")).status == 200 and answer.pid != pid  # noqa: E731
        self.wait_for(another, "another worker", 40)

    def stop(self):
        with contextlib.suppress(ProcessLookupError):  # a test has ended it
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="session")
def shared_servers(tmp_path_factory):
    servers = {}
    yield lambda worker_class: servers.setdefault(
        worker_class, servers.get(worker_class) or Server(tmp_path_factory.mktemp(worker_class), worker_class)
    )
    for server in servers.values():
        server.stop()


@pytest.fixture(params=WORKER_CLASSES)
def worker_class(request):
    return request.param


@pytest.fixture
def server(shared_servers, worker_class):
    """One worker of this class, shared by the tests that leave it in order."""
    return shared_servers(worker_class)


@pytest.fixture(scope="session", params=SERVERS)
def database(request):
    server = SERVERS[request.param]()
    yield server
    server.remove()


@pytest.fixture(params=["socket", "tls"])
def transport(request):
    return request.param


@pytest.fixture(scope="session")
def broker():
    folder = Path(tempfile.mkdtemp(prefix="redis-"))
    command = [shutil.which("redis-server", path=PROGRAMS), "--port", "0", "--unixsocket", folder / "cache.sock"]
    process = subprocess.Popen([*command, "--save", ""], cwd=folder, stdout=subprocess.DEVNULL)
    while not (folder / "cache.sock").exists():
        assert process.poll() is None
        time.sleep(0.02)
    yield folder / "cache.sock"
    process.terminate()
    process.wait()
    shutil.rmtree(folder)


@pytest.fixture
def queue(broker):
    """The database of the broker that queues are in, empty."""
    client = redis.Redis(unix_socket_path=str(broker), db=1)
    client.flushdb()
    yield client
    client.flushdb()


@pytest.fixture
def own_server(tmp_path):
    servers = []

    def start(worker_class, **options):
        servers.append(Server(tmp_path, worker_class, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def sample_server(own_server):
    """The sample project as on a machine that has a database: the plan keeps connections in sync and gthread workers
    only, and pools those of PostgreSQL in the others."""

    def start(worker_class, database, transport, *, env, threads=3, **options):
        kept = worker_class in ("sync", "gthread")
        pooled = not kept and database.engine == "postgresql"
        pool = {"PLUMBLINE_DATABASE_POOL_SIZE": str(threads), "PLUMBLINE_DATABASE_POOL_TIMEOUT": "10"}
        app = f"sample.{'asgi' if worker_class == 'asgi' else 'wsgi'}:application"
        return own_server(
            worker_class,
            threads=threads,
            env={
                **database.environment(transport),
                "PLUMBLINE_DATABASE_CONN_MAX_AGE": "600" if kept else "0",
                **(pool if pooled else {}),
                "DJANGO_SETTINGS_MODULE": "plumbline_django",
                "PLUMBLINE_SETTINGS_MODULE": "sample.settings",
                "PLUMBLINE_ALLOWED_HOSTS": "site",
                "SECRET_KEY": "of-the-tests",
                **env,
            },
            **{"app": app, "limit": 10, "queue": 10, **options},
        )

    return start


@pytest.fixture
def shell(tmp_path):
    return MachineShell(tmp_path)


@pytest.fixture
def project(tmp_path, monkeypatch, capsys):
    for name in ("wanted", "project"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return Project(tmp_path / "wanted", capsys)
