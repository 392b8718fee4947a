"""Fixtures: machines that were deployed by `cdk deploy` and booted by their own user data."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rig.changes import wait_for_load_balancer
from rig.machine import Machine
from rig.releases import release, sample_with_cache_libraries, uploads
from rig.run import Run, leftovers
from rig.shared_machines import SharedMachines, Wanted
from rig.shell import host_state

# The sample with a database on the instance, a cache and background workers.
DATA = "npx tsx test/machine/apps/data.ts"

# Tests that use the same machine follow each other; those that change it in place begin with what it was booted with.
ORDER = (
    *("test_failing_boot", "test_amazon_linux", "test_memory", "test_database_restart", "test_statement_timeout"),
    "test_background_workers",
    "test_sqlite",
    *("test_newer_nginx", "test_database_in_place", "test_restore", "test_connection_budget", "test_database_forks"),
    *("test_boundary", "test_as_app", "test_disk"),
    *("test_managed_database", "test_managed_cache", "test_media", "test_pgbouncer"),
    *("test_applications", "test_locations", "test_own_python"),
    *("test_rendered_files", "test_boot", "test_recovery", "test_usual_defaults", "test_deadlines", "test_requests"),
    "test_overload",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(ORDER)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    # Terminated as if by Ctrl-C: fixtures still take down what they made.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    before = host_state()
    run = Run()
    yield run
    run.end()
    assert leftovers(run.name) == []
    assert host_state() == before


@pytest.fixture(scope="session")
def shared(run: Run) -> Iterator[SharedMachines]:
    machines = SharedMachines(run)
    yield machines
    machines.close()


@pytest.fixture(scope="session", params=["gthread", "gevent", "sync"])
def worker_class(request) -> str:
    """pytest runs the tests of all files in one worker class before it goes on to the next."""
    return request.param


@pytest.fixture(scope="session")
def prepare(request, shared: SharedMachines) -> Callable[[list[Wanted]], None]:
    """Boots machines side by side, unless the run is of one file, which may ask for one of them only."""

    def prepare(wanted: list[Wanted]) -> None:
        if len({item.path for item in request.session.items}) > 1:
            shared.prepare(wanted)

    return prepare


@pytest.fixture(scope="session")
def with_uploads(tmp_path_factory) -> Path:
    return release(tmp_path_factory.mktemp("release") / "sample", uploads())


@pytest.fixture
def data(shared: SharedMachines, prepare: Callable, with_uploads: Path) -> Callable[..., Machine]:
    """A shared machine with a database; what else is asked for is the same machine, changed in place."""
    every = {
        database: Wanted(
            {"database": database, "cache": "redis", "preloadApp": "true"}
            | {"workerClass": "gthread", "backgroundWorker": "celery", "requestTimeout": "10"}
            | ({"media": "instance", "directory": str(with_uploads)} if database == "mysql" else {}),
            DATA,
        )
        for database in ("mysql", "postgres")
    }

    def data(database: str, worker_class: str | None = None, background_worker: str | None = None) -> Machine:
        prepare(every.values())
        machine = shared.get(every[database])
        asked = {"workerClass": worker_class, "backgroundWorker": background_worker}
        machine.change({name: value for name, value in asked.items() if value})
        wait_for_load_balancer(machine)
        return machine

    return data


@pytest.fixture(scope="session")
def with_cache_libraries(tmp_path_factory) -> Path:
    return sample_with_cache_libraries(tmp_path_factory.mktemp("release") / "sample")


@pytest.fixture
def managed(shared: SharedMachines, prepare: Callable, with_cache_libraries: Path) -> Callable[[str], Machine]:
    """A shared machine with a database in RDS, and with PostgreSQL a cache in ElastiCache and Celery's workers.

    Its class is gevent, the one that needs a package: the others follow by a change of files.
    """
    common = {"preloadApp": "true", "workerClass": "gevent", "requestTimeout": "10"}
    cached = {"cache": "elasticache", "backgroundWorker": "celery", "directory": str(with_cache_libraries)}
    every = {
        "rds-postgres": Wanted({"database": "rds-postgres"} | common | cached, DATA),
        # Django has no pool for it, so the greenlets are as many as connections
        "rds-mariadb": Wanted({"database": "rds-mariadb", "workerConnections": "8"} | common, DATA),
    }

    def managed(database: str) -> Machine:
        prepare(every.values())
        machine = shared.get(every[database])
        wait_for_load_balancer(machine)
        return machine

    return managed
