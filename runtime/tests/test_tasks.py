"""Background workers with a real broker and database: their processes fork too."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import django_site
import pytest

WORKERS = {
    "celery": [
        "-m",
        "celery",
        "-A",
        "sample",
        "worker",
        "--concurrency",
        "2",
        "--loglevel",
        "INFO",
        "--time-limit",
        "20",
        "--include",
        "plumbline_celery",
    ],
    "django_rq": ["manage.py", "rqworker", "default", "--with-scheduler"],
}
READY = {"celery": "ready.", "django_rq": "Listening on default"}


@pytest.fixture(params=WORKERS)
def kind(request):
    return request.param


@pytest.fixture
def environment(broker, kind):
    return {
        "PLUMBLINE_CACHE_URL": f"unix://{broker}?db=0",
        "PLUMBLINE_BROKER_URL": f"redis+socket://{broker}?virtual_host=1",
        "PLUMBLINE_TASK_TIMEOUT": "20",
        "PLUMBLINE_VISIBILITY_TIMEOUT": "3600",
        "PLUMBLINE_LEAST_VISIBILITY_TIMEOUT": "80",
        "SAMPLE_TASKS": kind,
    }


@pytest.fixture
def site(sample_server, database, environment, kind):
    """Asks the sample's views."""
    server = sample_server("sync", database, "socket", env=environment)
    server.manage("migrate", "--noinput")

    def get(path):
        answer = server.get(path)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    get.environment = server.environment
    yield get
    database.end_sessions()


def run(*arguments, **options):
    return subprocess.Popen([sys.executable, *arguments], cwd=django_site.SAMPLE, **options)


@pytest.fixture
def worker(site, kind, tmp_path):
    """With a connection that its parent process has opened."""
    log = tmp_path / "worker.log"
    with open(log, "wb") as output:
        environment = {**site.environment, "SAMPLE_CONNECT_EARLY": "1"}
        process = run(*WORKERS[kind], env=environment, stdout=output, stderr=output, start_new_session=True)
    wait_for(lambda: READY[kind] in log.read_text(), log)
    yield process
    # with its children, as systemd does: what they have inherited would still take jobs from the broker
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(condition, log):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


def test_tasks_use_connections_of_their_own_and_a_stop_lets_the_last_one_end(site, worker, kind, tmp_path):
    log = tmp_path / "worker.log"
    before = site("/entries")["events"].get("ended", 0)
    for number in range(10):
        site(f"/enqueue?token=short{number}&seconds=0")
    wait_for(lambda: site("/entries")["events"].get("ended", 0) == before + 10, log)
    long = f"/entries?token=long-{kind}"
    site(f"/enqueue?token=long-{kind}&seconds=3")
    wait_for(lambda: site(long)["events"] == {"begun": 1}, log)
    worker.send_signal(signal.SIGTERM)
    worker.wait(timeout=20)
    assert site(long)["events"] == {"begun": 1, "ended": 1}


def test_a_task_with_a_delay_runs_once_when_it_is_due(site, worker, kind, tmp_path):
    late = f"/entries?token=late-{kind}"
    site(f"/enqueue?token=late-{kind}&seconds=0&delay=3")
    time.sleep(1.5)
    assert site(late)["events"] == {}
    wait_for(lambda: site(late)["events"] == {"begun": 1, "ended": 1}, tmp_path / "worker.log")


def test_the_cache_is_one_for_all_processes(site):
    first, second = site("/cached"), site("/cached")
    assert second["hit"] is True
    assert second["value"] == first["value"]
