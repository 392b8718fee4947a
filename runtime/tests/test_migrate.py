"""`migrate` with real databases: two machines that boot at once, and tables that others use meanwhile."""

import contextlib
import os
import subprocess
import sys
import threading
import time

import psycopg
import pymysql
import pytest

from conftest import HERE

QUICK = {"LOCK": 1, "PAUSES": (1, 1)}
SHELF = ("shelf_book", "shelf_note", "django_migrations")


@pytest.fixture
def environment(database, transport):
    return {
        **os.environ,
        **database.environment(transport),
        "PYTHONPATH": str(HERE.parent),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "plumbline_django",
        "PLUMBLINE_SETTINGS_MODULE": "shelf.settings",
        "PLUMBLINE_DATABASE_STATEMENT_TIMEOUT": "0",
        "SECRET_KEY": "of-the-tests",
    }


@pytest.fixture
def migrate(environment):
    """A machine that migrates, in the folder of its release."""

    def start(target="", **numbers):
        modules = {"TURN": "plumbline_migrate_lock"}
        changes = [f"{modules.get(name, 'plumbline_migrate')}.{name} = {value}" for name, value in numbers.items()]
        code = "; ".join(["import plumbline_migrate, plumbline_migrate_lock", *changes, "plumbline_migrate.main()"])
        return subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            cwd=HERE / "apps",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start


def connect(database):
    where = database.environment("socket")
    if database.engine == "mysql":
        return pymysql.connect(
            unix_socket=where["PLUMBLINE_DATABASE_HOST"], user="app", database="app", autocommit=False
        )
    host, port = where["PLUMBLINE_DATABASE_HOST"], where["PLUMBLINE_DATABASE_PORT"]
    return psycopg.connect(host=host, port=port, user="app", dbname="app")


def execute(database, *statements):
    with contextlib.closing(connect(database)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        answer = cursor.fetchall() if cursor.description else []
        connection.commit()
        return answer


@pytest.fixture
def empty(database):
    """Empties the database of what is migrated here; what other tests have migrated in it is known again afterwards."""

    def empty():
        execute(database, *(f"DROP TABLE IF EXISTS {table}" for table in SHELF))

    tables = {name for (name,) in execute(database, "SELECT table_name FROM information_schema.tables")}
    if "django_migrations" in tables:
        execute(database, "ALTER TABLE django_migrations RENAME TO kept_migrations")
    empty()
    yield empty
    empty()
    if "django_migrations" in tables:
        execute(database, "ALTER TABLE kept_migrations RENAME TO django_migrations")


@pytest.fixture
def first_migration(empty, database, environment):
    command = ["from django.core.management import execute_from_command_line as run"]
    code = "; ".join([*command, "run(['manage.py', 'migrate', 'shelf', '0001'])"])
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=HERE / "apps", check=True)


def ended(machine, seconds=60):
    output, _ = machine.communicate(timeout=seconds)
    return machine.returncode, output


def columns(database):
    return [row[0] for row in execute(database, "SELECT column_name FROM information_schema.columns"
                                      " WHERE table_name = 'shelf_book' ORDER BY ordinal_position")]  # fmt: skip


def test_two_machines_that_boot_at_once_both_serve_ten_times_of_ten(database, migrate, empty):
    for _ in range(10):
        empty()
        answers = [ended(machine) for machine in (migrate(), migrate())]
        assert [status for status, _ in answers] == [0, 0], answers
        outputs = [output for _, output in answers]
        assert sorted("Applying shelf.0003_index... OK" in output for output in outputs) == [False, True], outputs
        assert sorted("No migrations to apply" in output for output in outputs) == [False, True], outputs
        assert columns(database) == ["id", "title", "pages"]


def test_a_migration_that_deals_with_an_error_of_a_statement_goes_on(database, migrate, empty):
    status, output = ended(migrate())
    assert status == 0, output
    assert [row[0] for row in execute(database, "SELECT id FROM shelf_note ORDER BY id")] == [1, 2]


@contextlib.contextmanager
def used(database, statement="SELECT * FROM shelf_book"):
    """A transaction that has read the table and stays open."""
    with contextlib.closing(connect(database)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            cursor.fetchall()
        yield connection


class Readers:
    """Who come while the migration waits: how long the slowest of them took."""

    def __init__(self, database):
        self.database, self.slowest, self.stop = database, 0, threading.Event()
        self.thread = threading.Thread(target=self.read, daemon=True)

    def read(self):
        while not self.stop.wait(0.1):
            start = time.monotonic()
            execute(self.database, "SELECT * FROM shelf_book")
            self.slowest = max(self.slowest, time.monotonic() - start)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(timeout=5)


def test_a_reader_that_stays_does_not_have_the_others_wait_and_the_step_says_what_to_do(
    database, migrate, first_migration
):
    with used(database), Readers(database) as readers:
        status, output = ended(migrate(**QUICK))
    assert status == 1
    assert output.splitlines()[-1].startswith(
        "shelf.0002_pages waits for a table that stays in use, and gives up, so that others need not wait: ALTER TABLE "
    )
    assert "shelf_book" in output.splitlines()[-1]
    assert output.count("gives way after 1 s, and tries again in 1 s") == 2
    assert 0.5 < readers.slowest < 2.5


def test_when_the_reader_has_ended_the_same_migration_goes_on(database, migrate, first_migration):
    with used(database):
        machine = migrate(LOCK=1, PAUSES=(1, 1, 1, 1))
        for line in machine.stdout:
            if "gives way" in line:
                break
    status, output = ended(machine)
    assert status == 0, output
    assert columns(database) == ["id", "title", "pages"]


def test_whoever_waits_for_another_machine_says_for_whom_and_not_for_ever(database, migrate, first_migration):
    with used(database):
        first = migrate(LOCK=1, PAUSES=(1,) * 60)
        for line in first.stdout:
            if "gives way" in line:
                break
        status, output = ended(migrate(TURN=1))
        first.kill()
        ended(first)
    assert status == 1
    waiting, gave_up = output.splitlines()
    assert waiting.startswith("waiting for migrations of another machine (session ")
    assert gave_up.startswith("waited 1 s for migrations of another machine (session ")
    assert gave_up.endswith("): deploy when they have ended")


def test_migrations_have_all_the_time_that_they_need(database, migrate, empty):
    with database.statement_timeout(1):
        execute(database, "CREATE TABLE shelf_slow (id int)", "DROP TABLE shelf_slow")
        status, output = ended(migrate())
    assert status == 0, output
