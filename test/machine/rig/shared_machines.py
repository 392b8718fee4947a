"""Machines that serve and that many tests use: booted when they are first asked for, and kept for a while."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .machine import Machine, Options
from .run import Run

# Beside the default machine. Each keeps its workers' memory, and six instances of inotify: of 128 that a host gives one
# user, a guest that finds none left ends without a word.
AT_ONCE = 8
# Without a database: what most tests are about needs none, and a boot takes half the time.
REFERENCE = {"os": "debian-13", "database": "none"}


@dataclass(frozen=True)
class Wanted:
    """A machine of an app, by default of the reference stack; `options` are those of `Options`."""

    context: Mapping[str, str] = field(default_factory=dict)
    app: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple:
        return (self.app, *sorted(self.context.items()), *sorted(self.options.items()))

    def deploy(self, run: Run) -> Machine:
        """Ready to boot."""
        return Machine(run, self.app, REFERENCE | self.context, Options(**self.options))


class SharedMachines:
    def __init__(self, run: Run):
        self._run = run
        self._machines: OrderedDict[tuple, Future[Machine]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, context: Mapping[str, str] = {}, app: str | None = None, **options) -> Machine:
        """A machine that serves and that other tests use too: leave it as it was."""
        return self.get(Wanted(context, app, options))

    def get(self, wanted: Wanted) -> Machine:
        return self._booting(wanted).result()

    def prepare(self, wanted: Iterable[Wanted]) -> None:
        """Boots them two at a time, since much of a boot is waiting. Who asks for one that failed is told so then."""
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self._booting, wanted))

    def _booting(self, wanted: Wanted) -> Future[Machine]:
        with self._lock:
            booting = self._machines.get(wanted.key)
            if booting:
                self._machines.move_to_end(wanted.key)
                return booting
            self._make_room(wanted)
            booting = self._machines[wanted.key] = Future()
        try:
            booting.set_result(self._boot(wanted))
        except Exception as failed:  # fails every test that wants it, without another try
            booting.set_exception(failed)
        return booting

    def _make_room(self, wanted: Wanted) -> None:
        # The default machine stays: most files ask for it.
        default = Wanted().key
        others = {key: booting for key, booting in self._machines.items() if key != default and not _failed(booting)}
        serving = [key for key, booting in others.items() if _serves(booting)]
        if wanted.key != default:
            for key in serving[: max(0, len(others) + 1 - AT_ONCE)]:
                self._machines.pop(key).result().close()

    def _boot(self, wanted: Wanted) -> Machine:
        machine = wanted.deploy(self._run)
        try:
            return machine.boot()
        except BaseException:
            machine.close()
            raise

    def close(self) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda booting: booting.result().close(), filter(_serves, self._machines.values())))


def _serves(booting: Future[Machine]) -> bool:
    return booting.done() and not booting.exception()


def _failed(booting: Future[Machine]) -> bool:
    return booting.done() and not _serves(booting)
