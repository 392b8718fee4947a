"""An exception is in the journal, whatever serves the application and whatever its logging, once, with its id."""

import errno
import os
import subprocess
import sys

import pytest
from nginx_server import Nginx

import plumbline_failures
from conftest import HERE

WSGI = ["sync", "gthread", "gevent"]
BUG = "RuntimeError: a bug in a view"
ID = "0123456789abcdef0123456789abcdef"


def journal(server):
    """What the processes of a unit write."""
    return server.log("stderr") + server.log()


@pytest.fixture
def ask(own_server):
    """The status of the answer, and what is in the journal then."""

    def ask(worker_class, app, path="/boom", **env):
        server = own_server(worker_class, app=app, env=env)
        answer = server.get(path, {"X-Request-Id": ID})
        line = f"request guard: GET {path} failed (request {ID})\n"
        server.wait_for(lambda: line in journal(server), "the line")
        assert journal(server).count(line) == 1
        assert journal(server).count(BUG) == 1
        return answer, journal(server)

    return ask


@pytest.mark.parametrize("worker_class", WSGI)
def test_an_exception_of_a_bare_application_is_told_once(ask, worker_class):
    answer, text = ask(worker_class, "failing:bare")
    assert answer.status == 500
    assert f"(request {ID})\nTraceback (most recent call last):\n" in text


@pytest.mark.parametrize("worker_class", [*WSGI, "asgi"])
def test_so_is_one_after_the_response_has_begun(ask, worker_class):
    answer, _ = ask(worker_class, "failing:bare_asgi" if worker_class == "asgi" else "failing:bare", "/late")
    assert answer.cut or answer.body == b"first "


def test_an_error_of_a_connection_of_the_application_s_own_is_no_client_that_has_gone(own_server):
    server = own_server("sync", app="failing:bare")
    assert server.get("/connection").status == 500
    assert "ConnectionResetError: a bug in a view" in journal(server)
    assert "GET /connection failed (request -)" in journal(server)


def test_what_was_to_be_written_into_the_release_is_told_with_the_places_for_it(own_server):
    server = own_server("sync", app="failing:bare")
    assert server.get("/upload").status == 500
    told = (
        "\n/srv/app/releases/4f2a/media/photo.jpg cannot be written: a release is read-only. /var/lib/app (HOME) can, "
        "and goes with the machine; what users upload has a place with Media.onInstance() or Media.bucket()"
    )
    assert told in journal(server)


def test_so_is_what_a_chain_of_errors_began_with():
    error = RuntimeError("no index")
    error.__cause__ = OSError(errno.EROFS, "Read-only file system", "/srv/app/current/index")
    assert plumbline_failures.where_to_write(error).startswith("/srv/app/current/index cannot be written: ")
    assert plumbline_failures.where_to_write(PermissionError("another")) == ""


@pytest.mark.parametrize("env", [{}, {"SILENCED": "1"}, {"PROPAGATE": "yes"}])
def test_flask_s_is_told_once(ask, env):
    answer, _ = ask("gthread", "failing:flask", **env)
    assert answer.status == 500


@pytest.mark.parametrize(("app", "path"), [("bare_asgi", "/boom"), ("starlette", "/boom"), ("starlette", "/after")])
def test_that_of_an_asgi_application_is_told_once_also_when_it_has_answered(ask, app, path):
    answer, _ = ask("asgi", f"failing:{app}", path)
    assert answer.status == (200 if path == "/after" else 500)


@pytest.mark.parametrize("error", ["refused", "read-only", "name", "timeout"])
def test_an_error_of_the_system_is_told_though_the_client_has_its_answer_and_is_gone(own_server, error):
    server = own_server("asgi", app="failing:starlette")
    for _ in range(20):
        assert server.get(f"/os/{error}").status == 500
    server.wait_for(lambda: journal(server).count(f"GET /os/{error} failed") == 20, "the lines")
    assert journal(server).count("a bug in a view") == 20


@pytest.mark.parametrize(
    ("worker_class", "app"),
    [("sync", "bare"), ("gthread", "flask"), ("gevent", "bare"), ("asgi", "bare_asgi")],
)
def test_a_500_that_nobody_has_raised_is_told_with_its_id(own_server, worker_class, app):
    server = own_server(worker_class, app=f"failing:{app}")
    assert server.get("/caught?of=1", {"X-Request-Id": ID}).status == 500
    line = f"request guard: GET /caught answered 500 and raised nothing (request {ID})\n"
    server.wait_for(lambda: line in journal(server), "the line")
    assert server.get("/boom").status == 500
    server.wait_for(lambda: "GET /boom failed" in journal(server), "the other")
    assert journal(server).count("raised nothing") == 1


LOGGINGS = [
    "default",
    "console",
    "existing loggers disabled",
    "debug only",
    "mail",
    "a file",
    "none",
    "critical only",
    "configured by the project",
    "a formatter without tracebacks",
    "another stream",
]


def django(logging):
    settings = {"DJANGO_SETTINGS_MODULE": "plumbline_django", "PLUMBLINE_SETTINGS_MODULE": "failing_django"}
    return {**settings, "LOGGING": logging}


@pytest.mark.parametrize("logging", LOGGINGS)
def test_django_s_is_told_once_whatever_its_logging(ask, logging):
    answer, _ = ask("sync", "failing_django:application", **django(logging))
    assert answer.status == 500


@pytest.mark.parametrize("path", ["/boom", "/async"])
@pytest.mark.parametrize("worker_class", ["gthread", "gevent", "asgi"])
def test_django_s_is_told_once_in_every_worker_class(ask, worker_class, path):
    app = "asgi_application" if worker_class == "asgi" else "application"
    answer, _ = ask(worker_class, f"failing_django:{app}", path, **django("default"))
    assert answer.status == 500


def test_a_client_writes_no_line_of_its_own_into_the_journal(own_server):
    server = own_server("sync", app="failing:bare")
    server.get("/a%0arequest", {"X-Request-Id": "a\tb"})
    assert "GET /a%0arequest failed (request a\\tb)\n" in journal(server)


@pytest.mark.parametrize("worker_class", ["gthread", "asgi"])
def test_the_id_is_nginx_s_own_which_the_access_log_has_too(own_server, tmp_path, worker_class):
    server = own_server(worker_class, app="failing:bare_asgi" if worker_class == "asgi" else "failing:bare")
    folder = tmp_path / "nginx"
    folder.mkdir()
    nginx = Nginx(folder, server, {"plan": {"workerClass": worker_class}})
    try:
        assert nginx.request("/boom", [("X-Request-Id", "forged"), ("X-Amzn-Trace-Id", "Root=1-2-3")])[0] == 500
    finally:
        nginx.stop()
    (line,) = nginx.log()
    assert (len(line["id"]), line["trace"], line["status"]) == (32, "Root=1-2-3", 500)
    assert f"GET /boom failed (request {line['id']})\n" in journal(server)


def test_a_celery_task_s_is_told_where_its_logging_is_silent(broker, tmp_path):
    program = """if 1:
        import celery, logging, sys
        import plumbline_celery
        app = celery.Celery(broker="memory://", task_always_eager=True)

        @app.task(throws=(KeyError,))
        def broken(text):
            raise KeyError(text) if text == "no bug" else RuntimeError(text)

        broken.apply(("told by Celery",))
        logging.getLogger("celery.app.trace").disabled = True
        broken.apply(("a bug in a task",), task_id="of-the-test")
        broken.apply(("no bug",))
    """
    told = run(program)
    assert "celery: __main__.broken failed (task of-the-test)\nTraceback (most recent call last):\n" in told
    assert told.count("RuntimeError: a bug in a task") == 1
    assert told.count("RuntimeError: told by Celery") == 1
    assert "no bug" not in told


def test_a_job_s_of_rq_is_told_where_its_logging_is_silent(broker):
    program = f"""if 1:
        import logging, redis, rq, sys
        import plumbline_failures
        queue = rq.Queue("failures", connection=redis.Redis(unix_socket_path="{broker}"))
        job = queue.enqueue("builtins.int", "a bug")
        if "silent" in sys.argv:
            logging.getLogger().addHandler(logging.NullHandler())
        handlers = [plumbline_failures.job_failed]
        rq.SimpleWorker([queue], connection=queue.connection, exception_handlers=handlers).work(burst=True)
    """
    assert run(program).count("invalid literal for int") == run(program, "silent").count("invalid literal for int") == 1


def run(program, *arguments):
    """What it writes to stderr."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60).stderr
