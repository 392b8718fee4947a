"""Results of Celery's tasks, in an application that has never heard of us."""

import os
import subprocess
import sys
import time

import pytest
import redis

from conftest import HERE

ASK = "from results import add; print(add.delay(2, 3).get(timeout=20))"
TELL = "from results import add; print(add.delay(2, 3).id)"


@pytest.fixture
def machine(broker, tmp_path):
    """Runs Python with the environment of a machine, while a worker works; the options of both are one's own."""
    url = f"redis+socket://{broker}?virtual_host=1"
    client = redis.Redis(unix_socket_path=str(broker), db=1, decode_responses=True)
    client.flushdb()
    workers = []

    def run(code, **own):
        environment = {
            **{name: value for name, value in os.environ.items() if "SETTINGS_MODULE" not in name},
            "PYTHONPATH": f"{HERE.parent}:{HERE / 'apps'}",
            "PLUMBLINE_BROKER_URL": url,
            "CELERY_BROKER_URL": url,
            "CELERY_RESULT_BACKEND": url,
            "PLUMBLINE_VISIBILITY_TIMEOUT": "3600",
            "PLUMBLINE_LEAST_VISIBILITY_TIMEOUT": "60",
            **own,
        }
        command = "-m celery -A results worker --pool solo --include plumbline_celery --loglevel INFO"
        with open(tmp_path / "log", "w") as log:
            command = [sys.executable, *command.split()]
            workers.append(subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log))
        command = [sys.executable, "-c", code]
        asked = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert asked.returncode == 0, asked.stderr
        return asked.stdout.strip()

    run.keys = lambda: client.keys("celery-task-meta-*")
    run.log = lambda: (tmp_path / "log").read_text()
    yield run
    for worker in workers:
        worker.terminate()
        worker.wait()
    client.flushdb()


def test_come_by_the_broker_of_the_machine_where_the_application_keeps_them_at_localhost(machine):
    assert machine(ASK, OWN_BACKEND="redis://localhost") == "5"
    assert len(machine.keys()) == 1


def test_are_kept_nowhere_where_the_application_keeps_none(machine):
    token = machine(TELL)
    end = time.monotonic() + 20
    while f"[{token}] succeeded" not in machine.log():
        assert time.monotonic() < end, machine.log()
        time.sleep(0.1)
    assert machine.keys() == []


@pytest.mark.parametrize(("own", "expected"), [("", "None"), ("redis://localhost", "redis+socket:///of/the/machine")])
def test_are_listened_for_in_the_web_process_only_where_the_application_keeps_some(own_server, own, expected):
    url = "redis+socket:///of/the/machine"
    environment = {"PLUMBLINE_BROKER_URL": url, "CELERY_RESULT_BACKEND": url, "OWN_BACKEND": own}
    server = own_server("gthread", app="results:application", env=environment)
    assert server.get("/").body.decode() == expected
