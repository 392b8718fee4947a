"""SQLite as the database of the machine: a file that threads and processes write to at once."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import django_site
import pytest
from test_fork import HOOKS, PRELOAD
from tokens import send_tokens

import plumbline_databases
import plumbline_sqlite_file

HERE = django_site.RUNTIME / "tests"
WAIT = 5  # seconds, PLUMBLINE_DATABASE_LOCK_TIMEOUT


class File:
    """In place of a server."""

    engine = "sqlite"

    def __init__(self, path):
        self.path = str(path)
        plumbline_sqlite_file.keep_log(self.path)

    def environment(self, _=None):
        return {
            "PLUMBLINE_DATABASE_ENGINE": "sqlite",
            "PLUMBLINE_DATABASE_NAME": self.path,
            "PLUMBLINE_DATABASE_LOCK_TIMEOUT": str(WAIT),
            "PLUMBLINE_DATABASE_CONN_MAX_AGE": "600",
        }

    def connect(self):
        return contextlib.closing(sqlite3.connect(self.path, isolation_level=None))

    def ask(self, query):
        with self.connect() as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def file(tmp_path):
    return File(tmp_path / "app.sqlite3")


def settings(file, default):
    project = SimpleNamespace(DATABASES={"default": default} if default else {})
    return plumbline_databases.settings(project, file.environment())["DATABASES"]["default"]


OURS = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA synchronous = FULL", "timeout": WAIT}


@pytest.mark.parametrize(
    ("own", "engine"),
    [
        ({}, "django.db.backends.sqlite3"),
        ({"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}, "django.db.backends.sqlite3"),
        (
            {"ENGINE": "django.db.backends.mysql", "HOST": "db", "OPTIONS": {"charset": "x"}},
            "django.db.backends.sqlite3",
        ),
        ({"ENGINE": "django_prometheus.db.backends.sqlite3"}, "django_prometheus.db.backends.sqlite3"),
        ({"ENGINE": "django.contrib.gis.db.backends.spatialite"}, "django.contrib.gis.db.backends.spatialite"),
    ],
)
def test_settings_of_a_project_lead_to_the_file_on_the_volume(file, own, engine):
    made = settings(file, own)
    assert {name: made[name] for name in ("ENGINE", "NAME", "OPTIONS", "CONN_MAX_AGE", "CONN_HEALTH_CHECKS")} == {
        "ENGINE": engine,
        "NAME": file.path,
        "OPTIONS": OURS,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
    assert "HOST" not in made


def test_what_a_project_says_of_its_transactions_stands_and_how_long_it_waits_is_planned(file):
    own = {
        "ENGINE": "django.db.backends.sqlite3",
        "ATOMIC_REQUESTS": True,
        "OPTIONS": {"timeout": 20, "transaction_mode": "EXCLUSIVE", "init_command": "PRAGMA mmap_size = 0"},
    }
    made = settings(file, own)
    assert made["ATOMIC_REQUESTS"] is True
    assert made["OPTIONS"] == {**own["OPTIONS"], "timeout": WAIT}


@pytest.mark.parametrize("version", [(4, 2, 0), (5, 0, 9)])
def test_a_django_without_these_options_gets_an_engine_that_does_the_same(file, monkeypatch, version):
    monkeypatch.setattr("django.VERSION", version)
    own = {"ENGINE": "django_prometheus.db.backends.sqlite3", "OPTIONS": {"cached_statements": 10}}
    made = settings(file, own)
    assert (made["ENGINE"], plumbline_databases.below.engine) == ("plumbline_sqlite", own["ENGINE"])
    assert made["OPTIONS"] == {"cached_statements": 10, "timeout": WAIT}


# Threads of two processes that read, then write, in one transaction each.
WRITERS = """
import threading, os, sys
import django

if "old" in sys.argv:  # as Django before 5.1, though the tests have a later one
    django.VERSION = (5, 0, 9, "final", 0)
if "deferred" in sys.argv:
    import plumbline_databases
    plumbline_databases.sqlite = lambda own, environ: {
        "ENGINE": "django.db.backends.sqlite3", "NAME": environ["PLUMBLINE_DATABASE_NAME"], "OPTIONS": {"timeout": 5}
    }
django.setup()
from django.db import OperationalError, connection, connections, transaction
from ledger.models import Entry

problems, asked = [], []

def write():
    try:
        for number in range(60):
            with transaction.atomic():
                count = Entry.objects.count()
                Entry.objects.create(token=f"{os.getpid()}-{threading.get_ident()}", event="any", pid=count)
        with connection.cursor() as cursor:
            asked.append([cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")])
    except OperationalError as error:
        problems.append(str(error))
    finally:
        connections.close_all()

threads = [threading.Thread(target=write) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(sorted(set(problems)), sorted(map(str, asked)))
"""


@pytest.fixture
def run(file):
    """Python with the sample's settings, as on a machine."""

    def run(code, *arguments, settings="sample.settings", cwd=django_site.SAMPLE, **more):
        environment = {
            **os.environ,
            **file.environment(),
            "PYTHONPATH": f"{django_site.RUNTIME}:{django_site.SAMPLE}",
            "DJANGO_SETTINGS_MODULE": "plumbline_django",
            "PLUMBLINE_SETTINGS_MODULE": settings,
            "SECRET_KEY": "of-the-tests",
            **more,
        }
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env=environment,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return run


MIGRATE = "import plumbline_migrate; plumbline_migrate.main()"


def said(process, seconds=90):
    output, _ = process.communicate(timeout=seconds)
    return process.returncode, output


@pytest.mark.parametrize("django", ["", "old"])
def test_eight_threads_of_two_processes_write_at_once_and_none_finds_the_database_locked(file, run, django):
    assert said(run(MIGRATE))[0] == 0
    answers = [said(process) for process in [run(WRITERS, django) for _ in range(2)]]
    assert answers == [(0, f"[] {[str([2, 'wal'])] * 4}\n")] * 2
    assert file.ask("SELECT count(*), count(DISTINCT pid) FROM ledger_entry") == [(480, 480)]


def test_with_the_settings_that_django_has_by_itself_some_do(file, run):
    """So the test above would see it."""
    assert said(run(MIGRATE))[0] == 0
    answers = [said(process) for process in [run(WRITERS, "deferred") for _ in range(2)]]
    assert any("database is locked" in output for _, output in answers), answers


class TestMigrations:
    @contextlib.contextmanager
    def written(self, file):
        with file.connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.rollback()

    def test_wait_for_who_writes_and_say_so(self, file, run):
        quick = "import plumbline_migrate as one; one.LOCK = 1; one.PAUSES = (1,) * 20; one.main()"
        shelf = {"settings": "shelf.settings", "cwd": HERE / "apps"}
        with self.written(file):
            process = run(quick, **shelf)
            for line in process.stdout:
                if "gives way after 1 s, and tries again in 1 s" in line:
                    break
        status, output = said(process)
        assert status == 0, output
        assert [row[1] for row in file.ask("PRAGMA table_info(shelf_book)")] == ["id", "title", "pages"]

    def test_give_up_with_a_sentence_where_it_takes_too_long(self, file, run):
        quick = "import plumbline_migrate as one; one.LOCK = 1; one.PAUSES = (1,); one.main()"
        with self.written(file):
            status, output = said(run(quick, settings="shelf.settings", cwd=HERE / "apps"))
        assert status == 1
        assert "waits for a table that stays in use, and gives up" in output.splitlines()[-1]

    def test_run_beside_workers_that_write(self, file, run):
        done = threading.Event()

        def write():
            with contextlib.closing(sqlite3.connect(file.path, isolation_level=None, timeout=30)) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS other (x)")
                while not done.is_set():
                    connection.execute("INSERT INTO other VALUES (1)")

        writers = [threading.Thread(target=write) for _ in range(4)]
        for writer in writers:
            writer.start()
        try:
            status, output = said(run(MIGRATE, settings="shelf.settings", cwd=HERE / "apps"))
        finally:
            done.set()
            for writer in writers:
                writer.join()
        assert status == 0, output

    def test_a_limit_for_statements_is_none_of_sqlite(self, run):
        code = "import django; django.setup(); from django.db import connection as one; one.ensure_connection()"
        assert said(run(code, PLUMBLINE_DATABASE_STATEMENT_TIMEOUT="5")) == (0, "")


@pytest.mark.parametrize("worker_class", ["sync", "gthread", "asgi"])
def test_a_connection_opened_in_the_master_is_in_no_worker(file, sample_server, run, worker_class):
    assert said(run(MIGRATE))[0] == 0
    early = {"SAMPLE_CONNECT_EARLY": "1"}
    server = sample_server(worker_class, file, "socket", more=PRELOAD + HOOKS, env=early, workers=2)
    for number in range(20):
        answer = server.get(f"/transaction?token={number}")
        assert (answer.status, json.loads(answer.body)["entries"]) == (200, 2), server.log()


@pytest.mark.parametrize("worker_class", ["sync", "gthread", "asgi"])
def test_requests_that_write_at_once_all_succeed_in_every_class_that_is_allowed(file, sample_server, run, worker_class):
    assert said(run(MIGRATE))[0] == 0
    server = sample_server(worker_class, file, "socket", more=HOOKS, env={}, workers=2, threads=8)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: server.get(f"/transaction?token={number}"), range(200)))
    assert {(answer.status, json.loads(answer.body)["entries"]) for answer in answers} == {(200, 2)}, server.log()
    assert send_tokens(server, 40).foreign == 0
    assert server.get("/query?seconds=0.1").status == 200


def test_fails_where_a_connection_is_opened_in_the_master_without_django(file, sample_server):
    with pytest.raises(AssertionError, match="master and workers share 1 connection"):
        sample_server("sync", file, "socket", more=PRELOAD + HOOKS, env={}, app="raw_sqlite:application")


def test_a_connection_that_each_worker_opens_for_itself_is_allowed(file, sample_server):
    server = sample_server("sync", file, "socket", more=HOOKS, env={}, app="raw_sqlite:application", workers=2)
    assert server.get("/").status == 200


class TestFile:
    def test_keeps_a_log_whoever_opens_it_later(self, tmp_path):
        path = str(tmp_path / "new")
        plumbline_sqlite_file.keep_log(path)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    def test_fails_where_it_is_none_of_sqlite(self, tmp_path):
        path = tmp_path / "other"
        path.write_bytes(b"no database" * 100)
        with pytest.raises(SystemExit) as refused:
            plumbline_sqlite_file.keep_log(str(path))
        assert str(refused.value) == (
            f"{path} cannot be used, file is not a database: give a snapshot from before, as snapshotId"
        )


class TestStep:
    @pytest.fixture
    def step(self, shell):
        shell.fake("chown")
        shell.fake("id", "echo 105")

        def step():
            script = f"""
              database_file={shell.folder}/sqlite/app.sqlite3 python={sys.executable}
              as_user() {{ echo "as_user $*" >>{shell.calls_file}; shift 2; "$@"; }}
              sqlite
            """
            result = shell.run(script, "plumbline_sqlite.sh")
            assert result.returncode == 0, result.stdout
            calls = [call for call in shell.calls if not call.startswith("id ")]
            shell.calls_file.unlink()
            return calls

        return step

    def test_gives_the_folder_to_the_application_alone_and_makes_the_file_as_its_user(self, shell, step):
        folder = shell.folder / "sqlite"
        program = django_site.RUNTIME / "plumbline_sqlite_file.py"
        made = f"as_user -p UMask=0077 {sys.executable} -I {program} {folder}/app.sqlite3"
        assert step() == [f"chown -hR 105:105 {folder}", made]
        assert folder.stat().st_mode & 0o777 == 0o700
        assert step() == [made]

    def test_gives_it_again_where_the_volume_comes_from_a_machine_with_other_numbers(self, shell, step):
        step()
        (shell.folder / "sqlite.owner").write_text("998:998\n")
        assert step()[0] == f"chown -hR 105:105 {shell.folder / 'sqlite'}"
