"""Connections to the database that are opened before the fork, in every worker class, by Django and without it."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

# as in the rendered gunicorn.conf.py
PRELOAD = """
preload_app = True
if worker_class == "gevent":
    from gevent import monkey

    monkey.patch_all()
"""
HOOKS = """
import plumbline_fork

def pre_fork(arbiter, worker):
    plumbline_fork.close_inherited()

def post_worker_init(worker):
    plumbline_fork.refuse_shared(worker)
    plumbline_guard.post_worker_init(worker)
"""
WORKERS = 3
THREADS = 3


@pytest.fixture(params=["socket", "tls"])
def transport(request):
    return request.param


@pytest.fixture(params=["sync", "gthread", "gevent"])
def worker_class(request):
    return request.param


@pytest.fixture
def application(own_server, database, transport, worker_class):
    """The sample, with a connection that it opens while gunicorn's master loads it."""

    def start(conf, app="sample.wsgi:application", **environment):
        pooled = worker_class == "gevent" and database.engine == "postgresql"
        return own_server(
            worker_class,
            app=app,
            limit=3,
            workers=WORKERS,
            threads=THREADS,
            more=conf,
            env={
                **database.environment(transport),
                "PLUMBLINE_DATABASE_CONN_MAX_AGE": "0" if worker_class == "gevent" else "600",
                **({"PLUMBLINE_DATABASE_POOL_SIZE": str(THREADS)} if pooled else {}),
                "DJANGO_SETTINGS_MODULE": "plumbline_django",
                "PLUMBLINE_SETTINGS_MODULE": "sample.settings",
                "PLUMBLINE_ALLOWED_HOSTS": "site",
                "SECRET_KEY": "of-the-tests",
                "SAMPLE_CONNECT_EARLY": "1",
                **environment,
            },
        )

    yield start
    database.end_sessions()


@dataclass
class Result:
    foreign: int = 0
    errors: int = 0
    pids: dict = field(default_factory=dict)  # backend -> the processes that used it


def send_tokens(server, count):
    def one(number):
        token = f"{number}-{os.urandom(8).hex()}"
        return token, server.get(f"/rows?token={token}")

    result = Result()
    with ThreadPoolExecutor(12) as pool:
        for token, answer in pool.map(one, range(count)):
            if answer.status != 200:
                result.errors += 1
                continue
            answer = json.loads(answer.body)
            result.foreign += set(answer["tokens"]) != {token}
            for backend in answer["backends"]:
                result.pids.setdefault(backend, set()).add(answer["pid"])
    return result


def test_a_connection_opened_in_the_master_is_in_no_worker(application, database, worker_class):
    server = application(PRELOAD + HOOKS)
    result = send_tokens(server, 400)
    assert (result.foreign, result.errors) == (0, 0)
    assert {len(pids) for pids in result.pids.values()} == {1}
    if worker_class == "gevent" and database.engine == "mysql":
        assert database.sessions() == set()
    else:
        slots = WORKERS * (1 if worker_class == "sync" else THREADS)
        assert len(result.pids) <= slots
        assert database.sessions() <= result.pids.keys()


def test_without_the_hooks_processes_share_it(application, database, worker_class):
    """So the test above would see it."""
    server = application(PRELOAD)
    master = database.sessions()
    assert master
    if worker_class == "sync":
        result = send_tokens(server, 60)
        assert result.foreign + result.errors > 0
    else:
        # Django's connections belong to a thread, and requests run in others: the master keeps one for itself
        assert database.sessions() >= master


def test_without_the_hooks_a_connection_of_a_driver_gives_foreign_rows_or_errors(application):
    result = send_tokens(application(PRELOAD, app="raw_database:application"), 60)
    assert result.foreign + result.errors > 0


def test_gunicorn_refuses_to_start_with_a_connection_that_only_the_driver_knows(application):
    with pytest.raises(AssertionError, match="master and workers share 1 connection"):
        application(PRELOAD + HOOKS, app="raw_database:application")


def test_a_connection_that_each_worker_opens_for_itself_is_allowed(application, database):
    result = send_tokens(application(HOOKS, app="raw_database:application"), 60)
    assert (result.foreign, result.errors) == (0, 0)
    assert len(database.sessions()) == WORKERS
