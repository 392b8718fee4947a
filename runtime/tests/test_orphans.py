"""Workers are killed in the middle of a query, in MariaDB."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pymysql
import pytest
from database_servers import PASSWORD

RUNTIME = Path(__file__).parent.parent

HOOKS = """
import plumbline_orphans

on_starting = plumbline_orphans.on_starting
child_exit = plumbline_orphans.child_exit

def post_worker_init(worker):
    plumbline_orphans.post_worker_init(worker)
    plumbline_guard.post_worker_init(worker)
"""
pytestmark = pytest.mark.parametrize("database", ["mysql"], indirect=True)


@pytest.fixture(params=["sync", "gthread", "gevent"])
def worker_class(request):
    return request.param


@pytest.fixture
def site(sample_server, database, transport, worker_class, tmp_path):
    def start(conf=HOOKS, env=None, **options):
        env = {"RUNTIME_DIRECTORY": str(tmp_path), **(env or {})}
        server = sample_server(worker_class, database, transport, more=conf, env=env, **{"workers": 2, **options})
        server.manage("migrate", "--noinput")
        return server

    yield start
    database.end_sessions()


@contextlib.contextmanager
def locked(database):
    """Nobody else can write an entry."""
    holder = pymysql.connect(unix_socket=f"{database.folder}/mysqld.sock", user="root", database="app")
    with holder, holder.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_entry FOR UPDATE")
        yield


def running(database, word):
    """The ids of the application's connections that work on a statement with this word."""
    found = f"SELECT id FROM information_schema.processlist WHERE user = 'app' AND info LIKE '%{word}%'"
    return [row[0] for row in database.admin(found)]


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def noted(folder):
    """Process and id of the connections that have a note."""
    return [tuple(map(int, path.name.split("-")[:2])) for path in (folder / "connections").iterdir()]


def process_of(server, connection):
    (process,) = (process for process, identity in noted(server.folder) if identity == connection)
    return process


def begin_to_write(server, database, pool):
    """A request that waits for a lock: its answer to come, its connection and its worker."""
    answer = pool.submit(server.get, "/transaction?token=lost")
    (connection,) = wait_for(lambda: running(database, "INSERT"))
    return answer, connection, process_of(server, connection)


# how it is connected makes no difference to these
once = pytest.mark.parametrize("transport", ["socket"], indirect=True)


@pytest.mark.parametrize("worker_class", ["sync", "gthread", "gevent", "asgi"], indirect=True)
def test_the_query_of_a_killed_worker_ends_and_a_neighbour_s_goes_on(site, database):
    server = site()
    with ThreadPoolExecutor(20) as pool, locked(database):
        lost, connection, worker = begin_to_write(server, database, pool)

        def neighbours():
            return {one for one in running(database, "SLEEP") if process_of(server, one) != worker}

        answers = []
        while not neighbours():
            answers.append(pool.submit(server.get, "/query?seconds=4"))
            time.sleep(0.3)
        others = neighbours()
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: connection not in database.sessions())
        assert lost.result().status == 0
        assert 200 in {answer.result().status for answer in answers}
        wait_for(lambda: worker not in dict(noted(server.folder)))
    killed = dict(re.findall(r"connection (\d+) of process (\d+), which has ended, is killed", server.log("stderr")))
    assert killed[str(connection)] == str(worker)
    assert not others & set(map(int, killed))


@once
@pytest.mark.parametrize("worker_class", ["gthread"], indirect=True)
def test_without_the_hook_the_query_goes_on(site, database):
    """So the test above would see it."""
    server = site(HOOKS.replace("child_exit =", "_ ="))
    with ThreadPoolExecutor() as pool, locked(database):
        _, connection, worker = begin_to_write(server, database, pool)
        os.kill(worker, signal.SIGKILL)
        time.sleep(4)
        assert running(database, "INSERT") == [connection]


@once
@pytest.mark.parametrize("worker_class", ["sync", "gevent"], indirect=True)
def test_the_query_of_a_request_over_its_deadline_ends(site, database):
    server = site(limit=2)
    with ThreadPoolExecutor() as pool, locked(database):
        answer, connection, _ = begin_to_write(server, database, pool)
        assert answer.result().status == 504
        wait_for(lambda: connection not in database.sessions())


@once
@pytest.mark.parametrize("worker_class", ["gthread"], indirect=True)
def test_what_is_left_when_the_master_is_killed_too_ends_with_the_next_start(site, database):
    server = site()
    with ThreadPoolExecutor() as pool, locked(database):
        _, connection, _ = begin_to_write(server, database, pool)
        os.killpg(server.process.pid, signal.SIGKILL)
        (server.folder / "serving").unlink()
        site()
        wait_for(lambda: connection not in database.sessions())


@once
@pytest.mark.parametrize("worker_class", ["sync"], indirect=True)
def test_a_connection_that_was_opened_while_the_application_was_loaded_is_known(site, database):
    server = site(env={"SAMPLE_CONNECT_EARLY": "1"})
    wait_for(lambda: len(noted(server.folder)) == 2)
    assert {connection for _, connection in noted(server.folder)} == database.sessions()


@once
@pytest.mark.parametrize("worker_class", ["gevent"], indirect=True)
def test_the_notes_of_closed_connections_go(site, database):
    server = site(HOOKS + "plumbline_orphans.KEPT = 5\n", workers=1)
    for _ in range(30):  # each opens one
        assert server.get("/rows?token=a").status == 200
    assert 5 <= len(noted(server.folder)) <= 7


class Found:
    """What the program finds: a connection of this process, and a note of it."""

    def __init__(self, database, transport, folder):
        self.database = database
        environment = database.environment(transport)
        if transport == "socket":
            where = {"unix_socket": environment["PLUMBLINE_DATABASE_HOST"]}
        else:
            where = {"host": "localhost", "port": database.port, "password": PASSWORD, "ssl_ca": database.ca}
        self.connection = pymysql.connect(user="app", **where)
        self.port = self.connection._sock.getsockname()[1] if transport == "tls" else "localhost"
        ended = subprocess.Popen(["true"])
        ended.wait()
        self.process = ended.pid
        self.folder = folder / "connections"
        self.folder.mkdir()
        self.environment = {
            **os.environ,
            **environment,
            "DJANGO_SETTINGS_MODULE": "plumbline_django",
            "PLUMBLINE_SETTINGS_MODULE": "sample.settings",
            "SECRET_KEY": "of-the-tests",
            "PYTHONPATH": f"{RUNTIME}:{RUNTIME / 'sample'}",
            "RUNTIME_DIRECTORY": str(folder),
        }

    def note(self, *, process=None, connection=None, port=None, age=0):
        parts = (process or self.process, connection or self.connection.thread_id(), port or self.port)
        path = self.folder / "-".join(map(str, parts))
        path.touch()
        os.utime(path, (then := time.time() - age, then))

    def is_killed(self):
        subprocess.run([sys.executable, "-m", "plumbline_orphans"], env=self.environment, check=True)
        return self.connection.thread_id() not in self.database.sessions()

    def uptime(self):
        return int(self.database.admin("SHOW GLOBAL STATUS LIKE 'Uptime'")[0][1])


@pytest.fixture
def found(database, transport, tmp_path):
    found = Found(database, transport, tmp_path)
    wait_for(lambda: found.uptime() > 2)  # of a younger server, no note is surely younger
    yield found
    found.connection.close()
    database.end_sessions()


class TestTheProgram:
    def test_kills_a_connection_whose_process_has_ended(self, found):
        found.note()
        assert found.is_killed()
        assert list(found.folder.iterdir()) == []

    def test_leaves_the_connection_of_a_process_that_lives(self, found):
        found.note(process=os.getpid())
        assert not found.is_killed()
        assert len(list(found.folder.iterdir())) == 1

    def test_leaves_what_has_the_id_of_a_note_from_before_the_server_s_start(self, found):
        found.note(age=found.uptime() + 1)
        assert not found.is_killed()

    def test_leaves_what_has_the_id_of_a_note_and_came_another_way(self, found):
        """As through a proxy, whose ids are not the server's."""
        found.note(port=1)
        assert not found.is_killed()

    def test_leaves_other_connections_and_ignores_those_that_are_no_more(self, found):
        found.note(connection=4_000_000_000)
        assert not found.is_killed()
