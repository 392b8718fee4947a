"""Connections to the database that are opened before the fork, in every worker class, by Django and without it."""

import pytest
from tokens import send_tokens

# as in the rendered gunicorn.conf.py
PRELOAD = "preload_app = True\n"
GEVENT = """
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
WORKERS = THREADS = 3


@pytest.fixture(params=["sync", "gthread", "gevent"])
def worker_class(request):
    return request.param


@pytest.fixture
def application(sample_server, database, transport, worker_class):
    """The sample, with a connection that it opens while gunicorn's master loads it."""

    def start(conf, **options):
        first = GEVENT if worker_class == "gevent" and PRELOAD in conf else ""
        env = {"SAMPLE_CONNECT_EARLY": "1"}
        sizes = {"workers": WORKERS, "threads": THREADS}
        return sample_server(worker_class, database, transport, first=first, more=conf, env=env, **sizes, **options)

    yield start
    database.end_sessions()


@pytest.mark.parametrize("worker_class", ["sync", "gthread", "gevent", "asgi"], indirect=True)
def test_a_connection_opened_in_the_master_is_in_no_worker(application, database, worker_class):
    server = application(PRELOAD + HOOKS)
    result = send_tokens(server, 200)
    assert (result.foreign, result.errors) == (0, 0)
    assert {len(pids) for pids in result.pids.values()} == {1}
    if worker_class in ("gevent", "asgi") and database.engine == "mysql":
        server.wait_for(lambda: database.sessions() == set(), "the end of the connections")
    else:
        slots = WORKERS * (1 if worker_class == "sync" else THREADS)
        assert len(result.pids) <= slots
        assert database.sessions() <= result.pids.keys()


# how it is connected makes no difference to who holds it
once = pytest.mark.parametrize("transport", ["socket"], indirect=True)


@pytest.mark.parametrize("worker_class", ["sync"], indirect=True)
def test_without_the_hooks_processes_share_it(application, database):
    """So the test above would see it."""
    server = application(PRELOAD, limit=2)  # some wait for ever for an answer that another has read
    master = database.sessions()
    result = send_tokens(server, 60)
    # TLS sees that a record is not its own, and the health check replaces the connection: then it is only luck
    assert result.foreign + result.errors > 0 or master & result.pids.keys()


@once
@pytest.mark.parametrize("worker_class", ["gthread"], indirect=True)
def test_without_the_hooks_the_master_keeps_one_that_no_thread_uses(application, database):
    """Django's connections belong to a thread, and requests run in others."""
    server = application(PRELOAD)
    master = database.sessions()
    assert len(master) == 1
    result = send_tokens(server, 60)
    assert (result.foreign, result.errors) == (0, 0)
    assert database.sessions() - result.pids.keys() == master


@once
def test_without_the_hooks_a_connection_of_a_driver_gives_foreign_rows_or_errors(application):
    server = application(PRELOAD, app="raw_database:application", limit=2)
    # processes that do not ask at the same moment get what is theirs, as on a machine that is busy with something else
    rounds = (send_tokens(server, 60) for _ in range(10))
    assert any(result.foreign + result.errors > 0 for result in rounds)


@once
def test_gunicorn_refuses_to_start_with_a_connection_that_only_the_driver_knows(application):
    with pytest.raises(AssertionError, match="master and workers share 1 connection"):
        application(PRELOAD + HOOKS, app="raw_database:application")


@once
def test_a_connection_that_each_worker_opens_for_itself_is_allowed(application):
    result = send_tokens(application(HOOKS, app="raw_database:application"), 60)
    assert (result.foreign, result.errors) == (0, 0)
    assert {len(pids) for pids in result.pids.values()} == {1}
