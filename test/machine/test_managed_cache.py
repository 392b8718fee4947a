"""A cache in ElastiCache, over TLS and with a token: for the application's cache and for Celery's queue."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from rig.changes import changed, read, wait_for_load_balancer
from rig.load import closed_loop, open_loop
from rig.machine import Machine
from rig.preload import ENVIRONMENT
from rig.shell import wait_until

REQUESTS = 300
RATE = 20
GUNICORN = "systemctl show --value -p MainPID gunicorn"
PROCESSES = f"{GUNICORN}; pgrep -P $({GUNICORN}); systemctl show --value -p MainPID celery"


@pytest.fixture
def machine(managed: Callable) -> Machine:
    return managed("rds-postgres")


def events(machine: Machine, token: str) -> dict[str, int]:
    return machine.get(f"/entries?token={token}").json()["events"]


def assert_tasks_run_once(machine: Machine, count: int) -> None:
    tokens = [uuid4().hex for _ in range(count)]
    for token in tokens:
        assert machine.get(f"/enqueue?token={token}&seconds=0.1").status == 200
    for token in tokens:
        wait_until(f"{token} has ended", lambda token=token: events(machine, token) == {"begun": 1, "ended": 1}, 30)


def test_the_cache_has_the_parameters_of_the_plan_and_wants_tls_and_the_token(machine):
    assert machine.cache.ask("CONFIG", "GET", "maxmemory-policy").split() == ["maxmemory-policy", "volatile-lru"]
    url = machine.run("sed -n 's/^PLUMBLINE_CACHE_URL=//p' /etc/gunicorn/environment").strip('"')
    python = "/srv/app/current/.venv/bin/python -c 'import redis, sys; redis.from_url(sys.argv[1]).ping()'"
    assert "already authenticated" in machine.run(f"{python} {url} 2>&1", check=False)
    plain = url.replace("rediss:", "redis:")
    assert "ConnectionError" in machine.run(f"{python} {plain} 2>&1", check=False)


@pytest.mark.parametrize("library", ["django", "django-redis", "cacheops"])
def test_every_process_reads_its_own_values_though_the_master_used_the_cache_before_the_fork(machine, library):
    with changed(machine, {ENVIRONMENT: read(machine, ENVIRONMENT) + f"CACHE_LIBRARY={library}\n"}):
        wait_for_load_balancer(machine)
        machine.cache.ask("FLUSHALL")
        found = [machine.get("/cached").json() for _ in range(20)]
        paths = [f"/echo?token={uuid4().hex}" for _ in range(REQUESTS)]
        answers = closed_loop(machine.http, paths, 16)
    assert [answer["hit"] for answer in found] == [False] + [True] * 19
    assert len({answer["value"]["pid"] for answer in found}) == 1
    assert {answer.status for _, answer in answers} == {200}
    assert [path for path, answer in answers if answer.json()["token"] not in path] == []
    assert int(machine.cache.ask("DBSIZE")) > REQUESTS


def test_cacheops_keeps_what_the_database_answered_until_the_application_changes_it(machine):
    token = uuid4().hex
    with changed(machine, {ENVIRONMENT: read(machine, ENVIRONMENT) + "CACHE_LIBRARY=cacheops\n"}):
        wait_for_load_balancer(machine)
        assert events(machine, token) == {}
        machine.database.ask(
            f"INSERT INTO ledger_entry (token, event, pid, written) VALUES ('{token}', 'unseen', 1, now())"
        )
        assert events(machine, token) == {}, "not from the cache"
        assert machine.get(f"/transaction?token={token}").status == 200
        assert events(machine, token) == {"first": 1, "second": 1, "unseen": 1}


def test_celery_takes_its_tasks_from_a_database_of_its_own_there(machine):
    assert_tasks_run_once(machine, 4)
    clients = machine.cache.ask("CLIENT", "LIST")
    assert "db=1" in clients
    assert "_kombu.binding.celery" in machine.cache.ask("-n", "1", "KEYS", "*")


def test_a_restarted_cache_costs_no_restart_of_the_application(machine):
    closed_loop(machine.http, ["/cached"] * 100, 8)
    before = machine.run(PROCESSES)
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(open_loop, machine.http, "/cached", RATE, 5)
        time.sleep(1)
        down = time.time()
        machine.cache.restart()
        back = time.time()
        failed = [outcome.at for outcome in load.result() if outcome.status != 200]
    assert all(down - 0.5 <= at <= back for at in failed), [(round(at - down, 2), round(at - back, 2)) for at in failed]
    assert_tasks_run_once(machine, 4)
    assert machine.run(PROCESSES) == before
