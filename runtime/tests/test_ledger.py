"""The sample's views of the database, with real ones."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def site(sample_server, database):
    server = sample_server("sync", database, "socket", env={})
    server.manage("migrate", "--noinput")
    yield server
    database.end_sessions()


def get(server, path):
    answer = server.get(path)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def test_a_transaction_writes_both_entries_or_none(site, database):
    both, none = f"both-{time.time()}", f"none-{time.time()}"
    assert get(site, f"/transaction?token={both}")["entries"] == 2
    assert get(site, f"/entries?token={both}")["events"] == {"first": 1, "second": 1}
    assert get(site, f"/transaction?token={none}&abort=1")["entries"] == 0
    assert get(site, f"/entries?token={none}")["events"] == {}


def test_the_first_page_shows_what_the_database_makes_possible(site):
    page = site.get("/").body.decode()
    assert 'href="query?seconds=5"' in page
    assert 'href="cached"' not in page


@pytest.mark.parametrize("path", ["/rows", "/transaction?token=", f"/rows?token={101 * 'x'}"])
def test_fails_without_a_token_of_1_to_100_characters(site, path):
    answer = site.get(path)
    assert answer.status == 400
    assert json.loads(answer.body)["error"].startswith("token must have 1 to 100 characters, got ")


def test_a_query_over_the_statement_timeout_is_an_error(site, database):
    assert get(site, "/query?seconds=0.2")["seconds"] >= 0.2
    with database.statement_timeout(1):
        database.end_sessions()
        started = time.monotonic()
        assert site.get("/query?seconds=8").status == 500
        assert time.monotonic() - started < 5


def test_fails_when_the_certificate_of_the_server_is_for_another_host(sample_server, database):
    server = sample_server("sync", database, "tls", env={"PLUMBLINE_DATABASE_HOST": "127.0.0.1"})
    assert server.get("/rows?token=mine").status == 500
    assert "certificate" in server.log("stderr")


@pytest.mark.parametrize(
    "conf", [{}, {"first": "from gevent import monkey\n\nmonkey.patch_all()", "more": "preload_app = True"}]
)
def test_a_gevent_worker_waits_for_several_queries_at_once(sample_server, database, conf):
    server = sample_server("gevent", database, "socket", env={}, threads=6, **conf)
    assert get(server, "/query?seconds=0")
    started = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(server.get, ["/query?seconds=1"] * 6))
    assert {answer.status for answer in answers} == {200}
    assert time.monotonic() - started < 4
    database.end_sessions()
