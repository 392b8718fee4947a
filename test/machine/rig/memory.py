"""What the processes of a machine take, in MiB: each page counted once, shared ones by equal parts (PSS)."""

from collections import Counter
from pathlib import Path

from .machine import Machine


def by_unit(machine: Machine) -> Counter[str]:
    """By systemd unit; the master of gunicorn apart from its workers, as `gunicorn.service master`."""
    pids = machine.guest.cgroup.processes()
    units = {pid: unit for pid in pids if (unit := _unit(pid))}
    taken: Counter[str] = Counter()
    for pid, unit in units.items():
        master = unit == "gunicorn.service" and units.get(_parent(pid)) != unit
        taken[f"{unit} master" if master else unit] += _pss(pid)
    return taken


def _unit(pid: int) -> str | None:
    """The last part of the path in the unified tree, which systemd names after the unit; init.scope for init itself."""
    lines = _read(pid, "cgroup").splitlines()
    return next((line.rsplit("/", 1)[1] for line in lines if line.startswith("0::")), None)


def _parent(pid: int) -> int:
    # the name of the command, in brackets, may hold spaces
    return int(_read(pid, "stat").rpartition(")")[2].split()[1])


def _pss(pid: int) -> float:
    found = [line for line in _read(pid, "smaps_rollup").splitlines() if line.startswith("Pss:")]
    return int(found[0].split()[1]) / 1024 if found else 0


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""
