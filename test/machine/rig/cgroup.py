"""A machine's control group: its memory limit, and a way to end everything in it.

With cgroup v1 a machine needs a group in each tree that it is limited or tracked by; with v2 there is one tree.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from .shell import wait_until

ROOT = Path("/sys/fs/cgroup")
UNIFIED_ONLY = (ROOT / "cgroup.controllers").exists()


def _trees() -> list[Path]:
    if UNIFIED_ONLY:
        return [ROOT]
    return [tree for tree in (ROOT / "memory", ROOT / "systemd", ROOT / "unified") if tree.is_dir()]


class Cgroup:
    def __init__(self, name: str):
        self.name = name
        self.paths = [tree / name for tree in _trees()]

    def create(self, memory_mib: int | None) -> None:
        if UNIFIED_ONLY:
            (ROOT / "cgroup.subtree_control").write_text("+memory")
        for path in self.paths:
            path.mkdir(exist_ok=True)
        if memory_mib:
            limit = "memory.max" if UNIFIED_ONLY else "memory.limit_in_bytes"
            (self.paths[0] / limit).write_text(str(memory_mib << 20))

    @property
    def oom_kills(self) -> int:
        events = (self.paths[0] / ("memory.events" if UNIFIED_ONLY else "memory.oom_control")).read_text()
        return int(dict(line.split() for line in events.splitlines())["oom_kill"])

    @property
    def memory_limit_bytes(self) -> int:
        return int((self.paths[0] / ("memory.max" if UNIFIED_ONLY else "memory.limit_in_bytes")).read_text())

    @property
    def memory_bytes(self) -> int:
        return int((self.paths[0] / ("memory.current" if UNIFIED_ONLY else "memory.usage_in_bytes")).read_text())

    def processes(self) -> set[int]:
        return {
            int(pid)
            for path in self.paths
            for procs in [path / "cgroup.procs", *path.rglob("cgroup.procs")]
            if procs.exists()
            for pid in procs.read_text().split()
        }

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Nothing of the machine runs, as it would not if the power were cut now."""
        stopped: set[int] = set()
        while fresh := self.processes() - stopped:
            for pid in fresh:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            stopped |= fresh
        try:
            yield
        finally:
            for pid in stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def remove(self) -> None:
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # A killed guest's processes are zombies for a moment, and a group that holds one cannot be removed.
        wait_until(f"the processes of {self.name} end", lambda: not self.processes(), 30)
        for path in self.paths:
            for group in sorted((p for p in path.rglob("*") if p.is_dir()), reverse=True):
                group.rmdir()
            if path.exists():
                path.rmdir()


def named(name: str) -> list[Cgroup]:
    """The groups of a run: those called NAME-…"""
    return [Cgroup(n) for n in sorted({path.name for tree in _trees() for path in tree.glob(f"{name}-*")})]
