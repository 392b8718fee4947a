"""Fixtures: machines that were deployed by `cdk deploy` and booted by their own user data."""

import signal
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping

import pytest

from rig.changes import wait_for_load_balancer
from rig.machine import BootFailed, Machine, Options
from rig.run import Run, leftovers
from rig.shell import CommandFailed, host_state

# Without a database: what most tests are about needs none, and a boot takes half the time.
REFERENCE = {"os": "debian-13", "database": "none"}
# Beside the default machine. Each keeps its workers' memory and wakes now and then; a scenario needs two at most.
SHARED_AT_ONCE = 2
# The sample with a database on the instance, a cache and background workers.
DATA = "npx tsx test/machine/apps/data.ts"

Boot = Callable[..., Machine]


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


@pytest.fixture
def deploy(run: Run) -> Iterator[Boot]:
    """Deploys an app, by default the reference stack; the machine is ready to boot, and closed when the test ends."""
    machines = []

    def deploy(context: Mapping[str, str] = {}, app: str | None = None, **options) -> Machine:
        machines.append(Machine(run, app, REFERENCE | context, Options(**options)))
        return machines[-1]

    yield deploy
    for machine in machines:
        machine.close()


@pytest.fixture
def boot(deploy: Boot) -> Boot:
    """A machine of the test's own that serves."""
    return lambda *arguments, **options: deploy(*arguments, **options).boot()


@pytest.fixture(scope="session")
def _machines(run: Run) -> Iterator[OrderedDict]:
    machines: OrderedDict[tuple, Machine | Exception] = OrderedDict()
    yield machines
    for machine in machines.values():
        if isinstance(machine, Machine):
            machine.close()


@pytest.fixture
def shared(run: Run, _machines: OrderedDict) -> Boot:
    """A machine that serves and that other tests use too: leave it as it was."""

    def shared(context: Mapping[str, str] = {}, app: str | None = None, **options) -> Machine:
        key = (app, *sorted(context.items()), *sorted(options.items()))
        if key not in _machines:
            # The default machine stays: most files ask for it.
            alive = [k for k, m in _machines.items() if isinstance(m, Machine) and k != (None,)]
            if key != (None,) and len(alive) == SHARED_AT_ONCE:
                _machines.pop(alive[0]).close()
            _machines[key] = _booted(run, app, REFERENCE | context, Options(**options))
        _machines.move_to_end(key)
        found = _machines[key]
        if isinstance(found, Exception):
            raise found
        return found

    return shared


@pytest.fixture(scope="session", params=["gthread", "gevent", "sync"])
def worker_class(request) -> str:
    """pytest runs the tests of all files in one worker class before it goes on to the next."""
    return request.param


@pytest.fixture
def data(shared: Boot) -> Boot:
    """A shared machine with a database; what else is asked for is the same machine, changed in place."""

    def data(database: str, worker_class: str = "gthread", background_worker: str = "celery") -> Machine:
        stays = {"database": database, "cache": "redis", "preloadApp": "true"}
        boots = {"workerClass": "gthread", "backgroundWorker": "celery", "requestTimeout": "10"}
        machine = shared(stays | boots, DATA)
        machine.change(boots | {"workerClass": worker_class, "backgroundWorker": background_worker})
        wait_for_load_balancer(machine)
        return machine

    return data


def _booted(run: Run, app: str | None, context: Mapping[str, str], options: Options) -> Machine | Exception:
    """A boot that failed once fails every test that wants it, without trying again."""
    machine = None
    try:
        machine = Machine(run, app, context, options)
        return machine.boot()
    except (BootFailed, CommandFailed, TimeoutError) as failed:
        if machine:
            machine.close()
        return failed
