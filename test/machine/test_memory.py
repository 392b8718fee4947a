"""A machine with the memory of a small instance: the planned workers fit, and two more do not fit the rule.

The host gives the machine's control group as much memory as EC2 would give the instance, and no swap.
"""

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig import memory
from rig.changes import changed, read, wait_for_load_balancer
from rig.deploy import ROOT
from rig.load import closed_loop
from rig.logs import Logs
from rig.machine import Machine
from rig.shell import sh

ENVIRONMENT = "etc/gunicorn/environment"


@dataclass(frozen=True)
class Size:
    instance_type: str
    mebibytes: int
    workers: int


MICRO = Size("t3.micro", 1024, workers=2)
SMALL = Size("t3.small", 2048, workers=5)
MEMORY_PER_WORKER = 256
PLANNED = {"operating system": 200, "nginx": 20, "gunicorn master": 40}


@pytest.fixture(params=[MICRO, SMALL], ids=lambda size: size.instance_type)
def size(request) -> Size:
    return request.param


@pytest.fixture
def machine(size: Size, shared: Callable) -> Machine:
    return shared({} if size == SMALL else {"instanceType": size.instance_type})


def test_the_system_takes_no_more_than_the_plan_sets_aside(machine, record_testsuite_property):
    units = memory.by_unit(machine)
    taken = {
        "gunicorn workers": units.pop("gunicorn.service"),
        "gunicorn master": units.pop("gunicorn.service master"),
        "nginx": units.pop("nginx.service"),
        "operating system": units.total(),
    }
    for what, mebibytes in taken.items():
        record_testsuite_property(f"{machine.instance.type} {what} MiB", round(mebibytes))
    for what, planned in PLANNED.items():
        assert taken[what] <= planned, f"{what} takes {taken[what]:.0f} MiB, planned are {planned}: {units}"


def test_the_planned_workers_serve_the_cpu_and_memory_views_without_an_oom_kill(machine, size):
    assert machine.guest.cgroup.memory_limit_bytes == size.mebibytes << 20
    with changed(machine, {ENVIRONMENT: read(machine, ENVIRONMENT) + "SAMPLE_EAT=1\n"}):
        wait_for_load_balancer(machine)
        logs = Logs(machine)
        one_worker = memory.by_unit(machine)["gunicorn.service"] / size.workers
        eat = f"/eat?mebibytes={MEMORY_PER_WORKER - one_worker:.0f}&seconds=3"
        targets = [eat] * size.workers + ["/work?milliseconds=200"] * 2 * size.workers
        with ThreadPoolExecutor(len(targets)) as pool:
            answers = list(pool.map(machine.get, targets))
        assert {answer.status for answer in answers} == {200}, [(a.status, a.text[:80]) for a in answers]
        assert machine.guest.cgroup.oom_kills == 0
        assert logs.gunicorn() == [], "a worker was killed"


def synthesized(size: Size, workers: int, folder: Path) -> subprocess.CompletedProcess:
    context = f"-c instanceType={size.instance_type} -c workers={workers} --output {folder}".split()
    app = ["--app", "npx tsx test/machine/apps/workers.ts"]
    return sh("node_modules/.bin/cdk", "synth", "--quiet", *app, *context, cwd=ROOT, check=False)


def test_two_more_workers_than_planned_are_refused(size, tmp_path):
    synth = synthesized(size, size.workers + 2, tmp_path)
    asked = (size.workers + 2) * MEMORY_PER_WORKER
    assert synth.returncode != 0
    assert f"workers × memoryPerWorker ({asked} MiB) must be at most memory for workers" in synth.stderr
    assert "OOM killer" in synth.stderr
    assert "[E4]" in synth.stderr


def test_a_database_a_cache_and_background_workers_fit_beside_the_web_workers(data, record_testsuite_property):
    machine = data("mysql")
    planned, web = machine.plan["memory"], machine.plan["appServer"]["workers"]
    assert machine.guest.cgroup.memory_limit_bytes == SMALL.mebibytes << 20
    with changed(machine, {ENVIRONMENT: read(machine, ENVIRONMENT) + "SAMPLE_EAT=1\n"}):
        wait_for_load_balancer(machine)
        logs = Logs(machine)
        one_worker = memory.by_unit(machine)["gunicorn.service"] / web
        eat = f"/eat?mebibytes={planned['perWorker'] - one_worker:.0f}&seconds=3"
        with ThreadPoolExecutor(web) as pool:
            eating = [pool.submit(machine.get, eat) for _ in range(web)]
            tasks = [f"/enqueue?token=memory-{number}&seconds=1" for number in range(4)]
            load = closed_loop(machine.http, tasks + ["/rows?token=x", "/transaction?token=x", "/cached"] * 200, 8)
            answers = [answer for _, answer in load] + [eaten.result() for eaten in eating]
        units = memory.by_unit(machine)
        # 503: turned away, since the queue was full
        assert {answer.status for answer in answers} <= {200, 503}
        assert machine.guest.cgroup.oom_kills == 0
        assert logs.gunicorn() == [], "a worker was killed"
    taken = {
        "database": units["mariadb.service"],
        "cache": units["valkey-server.service"],
        "backgroundWorkers": units["celery.service"],
    }
    for what, mebibytes in taken.items():
        record_testsuite_property(f"{what} MiB", round(mebibytes))
        assert mebibytes <= planned[what], f"{what} takes {mebibytes:.0f} MiB, planned are {planned[what]}: {units}"
