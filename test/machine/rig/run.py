"""One run of the rig: its name, its folder, and the sweep of what killed runs left.

Everything a run makes carries the run's name: namespaces, mounts, control groups, and, by an environment variable, its
processes. A run is alive while it holds the lock on its file, so a leftover is never mistaken for a running neighbour.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from . import cgroup
from .shell import sh, wait_until
from .volumes import loop_devices


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


CACHE = Path(os.environ.get("PLUMBLINE_CACHE") or _user_cache() / "cdk-plumbline" / "machine")
RUNS = CACHE / "runs"
PREFIX = "plumbline-"
MARK = "PLUMBLINE_RIG"


class Run:
    def __init__(self) -> None:
        RUNS.mkdir(parents=True, exist_ok=True)
        sweep()
        self.name = f"{PREFIX}{os.getpid()}"
        self.folder = RUNS / self.name
        self.folder.mkdir()
        self._lock = open(self.folder.with_suffix(".lock"), "w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        os.environ[MARK] = self.name
        self._discards: list[threading.Thread] = []

    def discard(self, folder: Path) -> None:
        """Not waited for: removing a folder that was a machine's root takes the kernel seconds."""
        self._discards.append(threading.Thread(target=shutil.rmtree, args=(folder,)))
        self._discards[-1].start()

    def end(self) -> None:
        for discard in self._discards:
            discard.join()
        remove(self.name)
        self._lock.close()
        self.folder.with_suffix(".lock").unlink()


def sweep() -> None:
    """Remove what runs left that ended without doing so themselves."""
    for lock in RUNS.glob(f"{PREFIX}*.lock"):
        with open(lock) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            remove(lock.stem)
            lock.unlink()


def remove(name: str) -> None:
    for group in cgroup.named(name):
        group.remove()
    for pid in processes(name):
        _kill(pid)
    wait_until(f"the processes of {name} end", lambda: not processes(name), 20)
    for mount in mounts(name):
        sh("umount", "--lazy", mount)
    for device in loop_devices(RUNS / name):
        sh("losetup", "--detach", device)
    for namespace in namespaces(name):
        sh("ip", "netns", "del", namespace)
    for left in Path("/run/systemd/nspawn/propagate").glob(f"{name}*"):
        left.rmdir()
    shutil.rmtree(RUNS / name, ignore_errors=True)


def leftovers(name: str) -> list[str]:
    """Everything on this host that carries the name; empty when the run left nothing."""
    return [
        *(f"process {pid}" for pid in processes(name)),
        *(f"mount {mount}" for mount in mounts(name)),
        *(f"loop device {device}" for device in loop_devices(RUNS / name)),
        *(f"network namespace {namespace}" for namespace in namespaces(name)),
        *(f"control group {group.name}" for group in cgroup.named(name)),
        *(str(path) for path in Path("/run/systemd/nspawn/propagate").glob(f"{name}*")),
        *(str(path) for path in RUNS.glob(f"{name}/*")),
    ]


def processes(name: str) -> list[int]:
    mark = f"{MARK}={name}".encode()
    own = {os.getpid(), os.getppid()}
    return [pid for pid in _pids() if pid not in own and mark in _environment(pid)]


def mounts(name: str) -> list[str]:
    """Mount points below the run's folder, the innermost first."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return sorted((point for point in points if point.startswith(f"{RUNS / name}/")), reverse=True)


def namespaces(name: str) -> list[str]:
    return sorted(path.name for path in Path("/run/netns").glob(f"{name}*") if _of_run(path.name, name))


def _of_run(what: str, name: str) -> bool:
    return what == name or what.startswith(f"{name}-")


def _pids() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
