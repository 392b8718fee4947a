import asyncio
import os
import re
import subprocess
import sys
import threading
import time

import django_site
import pytest
from django.test import AsyncClient, Client, override_settings


def get(path):
    return Client().get(path)


def get_async(path):
    return asyncio.run(AsyncClient().get(path))


def test_the_first_page_says_which_release_and_process_answer():
    text = get("/").content.decode()
    assert re.findall("<dd>(.*?)</dd>", text) == ["4f2a", "none of gunicorn&#x27;s", str(os.getpid())]
    assert 'href="/static/sample/style.css"' in text
    assert re.findall('<a href="([a-z]+)', text) == ["slow", "stuck", "spin", "work", "health"]


@pytest.mark.parametrize("view", ["slow", "stuck", "spin"])
def test_a_view_takes_the_seconds_that_the_caller_gives(view):
    for response in (get(f"/{view}?seconds=0.2"), get_async(f"/{view}?seconds=0.2")):
        answer = response.json()
        assert answer["view"] == view
        assert answer["seconds"] >= 0.2
        assert (answer["release"], answer["pid"]) == ("4f2a", os.getpid())


def test_slow_waits_in_the_event_loop_under_asgi():
    async def both():
        client = AsyncClient()
        started = time.monotonic()
        await asyncio.gather(*(client.get("/slow?seconds=0.3") for _ in range(10)))
        return time.monotonic() - started

    assert asyncio.run(both()) < 3  # one after the other


def test_stuck_keeps_every_thread_from_running():
    assert longest_pause("/stuck?seconds=0.3") >= 0.3


def test_stuck_can_release_the_interpreter_s_lock():
    assert longest_pause("/stuck?seconds=0.6&lock=released") < 0.6


def longest_pause(path):
    """Seconds that a thread did not run for while the view was called."""
    pauses, over = [0.0], threading.Event()

    def watch():
        last = time.monotonic()
        while not over.wait(0.01):
            now = time.monotonic()
            pauses.append(now - last)
            last = now

    thread = threading.Thread(target=watch)
    thread.start()
    get(path)
    over.set()
    thread.join()
    return max(pauses)


def test_a_signal_does_not_end_stuck():
    script = (
        "import signal, sys, time, sample.stuck\n"
        "signal.signal(signal.SIGALRM, lambda *_: sys.exit('the handler ran'))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.1)\n"
        "started = time.monotonic()\n"
        "try:\n"
        "    sample.stuck.hold(0.5, interpreter_lock=True)\n"
        "finally:\n"
        "    print(time.monotonic() - started)\n"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=django_site.SAMPLE, capture_output=True, text=True)
    assert float(result.stdout) >= 0.5
    assert result.stderr == "the handler ran\n"


def test_work_takes_the_processor_time_that_the_caller_gives():
    before = time.process_time()
    assert get("/work?milliseconds=100").json()["view"] == "work"
    assert time.process_time() - before >= 0.1


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/slow", "seconds must be a number, got ''"),
        ("/slow?seconds=soon", "seconds must be a number, got 'soon'"),
        ("/slow?seconds=-1", "seconds must be between 0 and 4000, got -1"),
        ("/stuck?seconds=nan", "seconds must be between 0 and 4000, got nan"),
        ("/spin?seconds=4001", "seconds must be between 0 and 4000, got 4001"),
        ("/work?milliseconds=4000001", "milliseconds must be between 0 and 4000000, got 4000001"),
    ],
)
def test_fails_when_the_number_is_none_or_out_of_bounds(path, error):
    for response in (get(path), get_async(path)):
        assert (response.status_code, response.json()) == (400, {"error": error})


def test_eat_is_off():
    assert get("/eat?mebibytes=1").status_code == 404


@override_settings(EAT=True)
def test_eat_fills_memory_where_it_is_asked_for():
    assert get("/eat?mebibytes=3").json()["bytes"] == 3 * 2**20
    assert get("/eat?mebibytes=65537").status_code == 400


def test_health_tells_what_it_depends_on():
    answer = get("/health").json()
    assert (answer["status"], answer["dependencies"]) == ("ok", {"cache default": "ok"})


@override_settings(CACHES={"default": {"BACKEND": "nosuchcache"}})
def test_health_does_not_fail_with_a_dependency():
    response = get("/health")
    assert response.status_code == 200
    assert response.json()["dependencies"] == {"cache default": "InvalidCacheBackendError"}


def manage(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=django_site.SAMPLE,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )


def test_fails_to_start_without_a_secret_key():
    result = manage("check")
    assert result.returncode == 1
    assert result.stderr.endswith("ImproperlyConfigured: SECRET_KEY is not set in the environment\n")


def test_django_s_own_checks_find_nothing():
    result = manage("check", SECRET_KEY="of-the-tests")
    assert (result.returncode, result.stdout) == (0, "System check identified no issues (0 silenced).\n")


def test_gunicorn_s_loggers_stay_on():
    script = "import logging; from sample.wsgi import application; print(logging.getLogger('gunicorn.error').disabled)"
    script = f"import logging; logging.getLogger('gunicorn.error'); {script}"
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=django_site.SAMPLE,
        env={"PATH": os.environ["PATH"], "SECRET_KEY": "of-the-tests"},
        capture_output=True,
        text=True,
    )
    assert result.stdout == "False\n"
