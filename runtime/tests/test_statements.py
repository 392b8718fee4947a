"""Statements that no request waits for: they have a limit of their own."""

import json
import subprocess
import sys
from types import SimpleNamespace

import django_site
import pytest

import plumbline_statements

LIMIT = "PLUMBLINE_DATABASE_STATEMENT_TIMEOUT"
# the status of the sample's view that waits in the database for two seconds
QUERY = """
import django, json, time
django.setup()
from django.test import Client
started = time.monotonic()
answer = Client(raise_request_exception=False).get("/query?seconds=2", headers={"host": "localhost"})
print(json.dumps([answer.status_code, time.monotonic() - started]))
"""


@pytest.fixture
def query(sample_server, database):
    """The view, outside of gunicorn, where the server's own limit is one second."""
    environment = sample_server("sync", database, "socket", env={}).environment

    def query(**more):
        run = subprocess.run(
            [sys.executable, "-c", QUERY],
            env=environment | more, cwd=django_site.SAMPLE, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        return json.loads(run.stdout.splitlines()[-1])

    with database.statement_timeout(1):
        database.end_sessions()
        yield query


def test_without_one_of_their_own_the_limit_of_the_server_holds(query):
    status, seconds = query()
    assert (status, seconds < 2) == (500, True)


@pytest.mark.parametrize("limit", ["0", "5"])
def test_a_background_worker_or_a_command_may_take_longer(query, limit):
    status, seconds = query(**{LIMIT: limit})
    assert (status, seconds >= 2) == (200, True)


def test_a_limit_of_their_own_holds(query):
    assert query(**{LIMIT: "1"})[0] == 500


def test_behind_a_pooler_the_session_is_left_alone(query):
    assert query(**{LIMIT: "5", "PLUMBLINE_DATABASE_TRANSACTION_POOLING": "1"})[0] == 500


def test_mysql_limits_what_it_can():
    connection = SimpleNamespace(vendor="mysql", mysql_is_mariadb=False)
    assert plumbline_statements.statement(connection, 5) == "SET SESSION max_execution_time = 5000"
