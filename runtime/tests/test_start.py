"""What a worker loads before it serves: its pages too, in its own time, and not in that of a request."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from gunicorn.asgi import lifespan

import plumbline_lifespan
from conftest import HERE

SITE = {
    "site_settings.py": 'SECRET_KEY = "x"\nALLOWED_HOSTS = ["*"]\nROOT_URLCONF = "site_urls"\n',
    "site_app.py": """
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

application = get_asgi_application() if os.environ["KIND"] == "asgi" else get_wsgi_application()
""",
}
PAGE = """
import os, time
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse(str(os.getpid())))]
"""
BROKEN = "import nothing_that_is_installed\n"


@pytest.fixture
def site(own_server, tmp_path, worker_class):
    """A Django project under the guard, with this URLconf."""

    def start(urls=PAGE, **options):
        for name, text in {**SITE, "site_urls.py": urls}.items():
            (tmp_path / name).write_text(text)
        return own_server(worker_class, app="site_app:application", env={"KIND": worker_class}, **options)

    return start


def test_pages_that_take_longer_to_import_than_a_request_may_are_served(site, worker_class):
    # also longer than gunicorn's `timeout`, 3 s here, which counts from a worker's first beat
    server = site(f"import time\ntime.sleep(4)\n{PAGE}", limit=1, workers=2)
    answers = [server.get("/") for _ in range(20)]
    assert {answer.status for answer in answers} == {200}
    assert max(answer.seconds for answer in answers) < 1
    assert "the worker is replaced" not in server.log()
    assert "WORKER TIMEOUT" not in server.log()


def test_a_request_that_came_during_the_import_is_served_and_not_late(own_server, site):
    server = site(f"import time\ntime.sleep(2)\n{PAGE}", workers=1, queue=0.5)
    worker = server.get("/").pid
    os.kill(worker, signal.SIGKILL)
    answer = server.get("/", {"X-Request-Start": f"t={time.time()}"})
    assert (answer.status, answer.seconds > 1) == (200, True)


def test_fails_when_the_pages_do_not_load_with_their_traceback(site):
    with pytest.raises(AssertionError, match="gunicorn ended") as failure:
        site(f"import time\ntime.sleep(1.5)\n{BROKEN}", workers=2)
    said = str(failure.value)
    assert "Traceback" in said
    assert "No module named 'nothing_that_is_installed'" in said
    assert "Worker failed to boot" in said


def test_a_worker_that_cannot_load_any_more_takes_the_place_of_none(site, tmp_path):
    once = (
        f"import os\nif os.path.exists({str(tmp_path / 'away')!r}):\n    raise RuntimeError('the database is away')\n"
    )
    hurry = "import plumbline_guard_replacement\nplumbline_guard_replacement.RETRY = 1"
    server = site(once + PAGE, workers=2, first=hurry)
    server.wait_for(lambda: len({server.get("/").pid for _ in range(20)}) == 2, "two workers")
    (tmp_path / "away").touch()
    killed = server.get("/").pid
    os.kill(killed, signal.SIGKILL)
    server.wait_for(lambda: server.log().count("a worker did not start, the others serve on") > 1, "two attempts")
    assert "the database is away" in server.log()
    assert {server.get("/").status for _ in range(10)} == {200}
    (tmp_path / "away").unlink()
    server.wait_for(lambda: len({server.get("/").pid for _ in range(20)}) == 2, "two workers again")


def test_django_for_its_models_only_needs_no_urlconf(own_server, tmp_path):
    (tmp_path / "site_settings.py").write_text('SECRET_KEY = "x"\n')
    (tmp_path / "models_only.py").write_text(
        "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'site_settings'\nimport django.urls\n"
        "django.setup()\n"
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'hello']\n"
    )
    assert own_server("sync", app="models_only:app").get("/").body == b"hello"


def check(folder, app, *arguments):
    (folder / "conf.py").write_text(f'wsgi_app = "{app}"\nworker_class = "{arguments[0] if arguments else "sync"}"\n')
    command = [sys.executable, "-m", "plumbline_check", "--config", "conf.py"]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "KIND": arguments[0] if arguments else "sync"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_what_is_checked_before_a_reload_are_the_pages_too(tmp_path, worker_class):
    for name, text in {**SITE, "site_urls.py": PAGE}.items():
        (tmp_path / name).write_text(text)
    assert check(tmp_path, "site_app:application", worker_class).returncode == 0
    (tmp_path / "site_urls.py").write_text(BROKEN)
    failed = check(tmp_path, "site_app:application", worker_class)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'nothing_that_is_installed'"


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("def make():\n    raise KeyError('DATABASE')\n", "KeyError: 'DATABASE'"),
        ("", "gunicorn.errors.AppImportError: Failed to find attribute 'make' in 'factory'."),
    ],
    ids=["raises", "is missing"],
)
def test_fails_the_check_of_a_factory_that(tmp_path, text, last):
    (tmp_path / "factory.py").write_text(text)
    failed = check(tmp_path, "factory:make()")
    assert (failed.returncode, failed.stderr.splitlines()[-1]) == (1, last)


APPLICATIONS = """
import flask, starlette.applications

class Handler:
    def __init__(self, environ, start_response):
        self.start = start_response

    def __iter__(self):
        self.start("200 OK", [])
        yield b"hello"

class Old:  # ASGI 2, which gunicorn does not call
    def __init__(self, scope): pass

def wrapped(*args): return args

def create_app(config=None): return wsgi

wsgi = flask.Flask("site")
asgi = starlette.applications.Starlette()
"""


@pytest.mark.parametrize(
    ("kind", "app", "said"),
    [
        ("sync", "wsgi", ""),
        ("sync", "Handler", ""),
        ("sync", "wrapped", ""),
        ("sync", "create_app()", ""),
        ("asgi", "asgi", ""),
        ("asgi", "wrapped", ""),
        ("gthread", "asgi", "wsgi names an application that is called with scope, receive, send: give it as asgi"),
        ("asgi", "wsgi", "asgi names an application that is called with environ, start_response: give it as wsgi"),
        ("sync", "create_app", "what is named makes an application: call it, for example mysite:create_app()"),
        ("asgi", "create_app", "what is named makes an application: call it, for example mysite:create_app()"),
        ("asgi", "Old", "what is named cannot be called with scope, receive, send"),
    ],
)
def test_what_is_called_otherwise_than_an_application_fails_the_check(tmp_path, kind, app, said):
    (tmp_path / "kinds.py").write_text(APPLICATIONS)
    checked = check(tmp_path, f"kinds:{app}", kind)
    assert checked.returncode == (1 if said else 0), checked.stderr
    assert said in checked.stderr.splitlines()[-1] if said else True


SLOW_START = """
import asyncio

ready = False

async def application(scope, receive, send):
    global ready
    if scope["type"] == "lifespan":
        await receive()
        await asyncio.sleep({seconds})
        ready = True
        await send({{"type": "lifespan.startup.{outcome}", "message": "no connection to the broker"}})
        await receive()
        return await send({{"type": "lifespan.shutdown.complete"}})
    await send({{"type": "http.response.start", "status": 200 if ready else 500, "headers": []}})
    await send({{"type": "http.response.body", "body": b""}})
"""


def test_an_asgi_application_serves_once_it_has_started_and_who_came_before_is_not_late(own_server, tmp_path):
    (tmp_path / "slow.py").write_text(SLOW_START.format(seconds=2, outcome="complete"))
    server = own_server("asgi", app="slow:application", limit=1, queue=0.5)
    assert server.get("/").status == 200
    with ThreadPoolExecutor(1) as pool:
        server.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        answer = pool.submit(server.get, "/", {"X-Request-Start": f"t={time.time()}"}).result()
    assert answer.status == 200


def test_fails_when_an_asgi_application_does_not_start(own_server, tmp_path):
    (tmp_path / "slow.py").write_text(SLOW_START.format(seconds=0.2, outcome="failed"))
    with pytest.raises(AssertionError, match="no connection to the broker"):
        own_server("asgi", app="slow:application")


@pytest.mark.parametrize(("patient", "started"), [(True, True), (False, False)], ids=["ours", "gunicorn's own"])
def test_a_start_is_waited_for_however_long_it_takes(monkeypatch, patient, started):
    waiting = lifespan.asyncio.wait_for
    shorter = SimpleNamespace(**vars(asyncio) | {"wait_for": lambda task, timeout: waiting(task, timeout / 300)})
    monkeypatch.setattr(lifespan, "asyncio", shorter)

    async def start(application, manager):
        log = SimpleNamespace(debug=lambda *_: None)
        try:
            await manager(application, log).startup()
        except RuntimeError:
            return False
        return True

    async def application(scope, receive, send):
        await receive()
        await asyncio.sleep(3)  # gunicorn's own gives up after 0.1
        await send({"type": "lifespan.startup.complete"})

    manager = plumbline_lifespan.PatientLifespan if patient else lifespan.LifespanManager
    assert asyncio.run(start(application, manager)) is started
