"""The nginx of Debian's next release on a machine: as new as Amazon Linux' own, with the directives that Debian's is
too old for. It brings its own libraries and loader, and nothing else of that release."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .changes import wait_for_load_balancer
from .machine import Machine
from .rootfs import archive
from .run import CACHE
from .shell import sh

SUITE = "sid"
FOLDER = "opt/newer-nginx"
# The suite changes every day, and archives that stand still are older than its lists want to be.
OPTIONS = ["--quiet", "--variant=extract", "--include=nginx", '--aptopt=Acquire::Check-Valid-Until "false"']
WRAPPER = f"""\
#!/bin/sh
root=/{FOLDER}
exec $root/usr/lib64/ld-linux-x86-64.so.2 --library-path $root/usr/lib/x86_64-linux-gnu $root/usr/sbin/nginx "$@"
"""


def _files() -> Path:
    sources = [f"deb {site} {SUITE} main" for site in archive("debian")]
    key = hashlib.sha256("\n".join([*OPTIONS, *sources]).encode()).hexdigest()[:16]
    folder = CACHE / "nginx" / key
    if not folder.exists():
        new = folder.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        new.parent.mkdir(parents=True, exist_ok=True)
        sh("mmdebstrap", *OPTIONS, SUITE, str(new), *sources, timeout=300)
        new.rename(folder)
    return folder


@contextmanager
def newer_nginx(machine: Machine) -> Iterator[str]:
    """The machine serves with it, and with every line of nginx.conf that it knows; gives its version."""
    root = machine.guest.root
    program, conf = root / "usr/sbin/nginx", root / "etc/nginx/nginx.conf"
    before = conf.read_text()
    try:
        shutil.copytree(_files() / "usr", root / FOLDER / "usr", symlinks=True)
        program.rename(program.with_suffix(".packaged"))
        program.write_text(WRAPPER)
        program.chmod(0o755)
        # as the bootstrap leaves it where nginx is new enough
        conf.write_text("".join(_known(line) for line in before.splitlines(keepends=True)))
        machine.run("nginx -t 2>&1 && systemctl restart nginx")
        wait_for_load_balancer(machine)
        yield machine.run("nginx -v 2>&1").rpartition("/")[2]
    finally:
        # a graceful stop would wait for the idle connections of the load balancer
        machine.run("systemctl kill --signal=TERM nginx; systemctl stop nginx")
        conf.write_text(before)
        program.unlink(missing_ok=True)
        program.with_suffix(".packaged").rename(program)
        shutil.rmtree(root / FOLDER)
        machine.run("systemctl start nginx")
        wait_for_load_balancer(machine)


def _known(line: str) -> str:
    return (
        line.replace("# ", "", 1)
        if line.lstrip().startswith("#") and "; # " in line and "since nginx" in line
        else line
    )
