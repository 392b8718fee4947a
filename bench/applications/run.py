#!/usr/bin/env python3
"""Deploys applications as their users would, and says what lives: see README.md.

usage: PYTHONPATH=test/machine "$(scripts/machine-env.sh)/bin/python" bench/applications/run.py CHECKOUTS [NAME ...]
       PYTHONPATH=test/machine "$(scripts/machine-env.sh)/bin/python" bench/applications/run.py --directory DIR JSON
"""

import argparse
import io
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from rig import rootfs
from rig.fetched import releases
from rig.machine import BootFailed, Machine, Options
from rig.packages import serve
from rig.run import Run
from rig.shell import CommandFailed, sh, wait_until
from rig.sites import Site
from rig.standalone_python import NEW, OLD, standalone_python

HERE = Path(__file__).parent
STACK = "npx tsx test/machine/apps/wanted.ts"
COLUMNS = ("application", "installs", "boots", "pages", "admin", "static", "file kept", "errors told", "what it says")
# Kept as an upload is: by the process that serves, under the name that the storage gives.
KEEP_A_FILE = (
    "from django.core.files.base import ContentFile; from django.core.files.storage import default_storage as s;"
    " name = s.save('plumbline-probe.txt', ContentFile(b'kept')); print('kept at ' + s.url(name))"
)


@dataclass
class Answer:
    application: str
    cells: dict[str, str] = field(default_factory=dict)
    log: str = ""

    def row(self) -> str:
        return f"| {' | '.join(self.cells.get(column, '-') for column in COLUMNS)} |"


def checked_out(repository: Path, commit: str, folder: Path) -> Path:
    """The files of a commit, without what is ignored or left over in a work tree, and without those that a copy of the
    repository lacks."""
    git = ["git", "-C", str(repository)]
    listed = sh(*git, "ls-tree", "-rz", "--full-tree", commit).stdout.split("\0")
    paths = {entry.split()[2]: entry.partition("\t")[2] for entry in listed if " blob " in entry}
    found = sh(*git, "cat-file", "--batch-check", input="\n".join(paths)).stdout.splitlines()
    lacking = [paths[line.split()[0]] for line in found if line.endswith(" missing")]
    for path in lacking:
        print(f"{repository} lacks {path}", file=sys.stderr)
    but = [".", *(f":(exclude,literal){path}" for path in lacking)]
    packed = subprocess.run([*git, "archive", commit, "--", *but], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="tar")
    return folder


def generated(template: Path, answers: list[str]) -> Path:
    """The project that cookiecutter makes of a template."""
    folder = template / "generated"
    tool = ["uv", "tool", "run", "--python", sys.executable, "--from", "cookiecutter==2.6.0", "cookiecutter"]
    sh(*tool, "--no-input", "--output-dir", str(folder), str(template), *answers, env=tools())
    (made,) = folder.iterdir()
    return made


def tools() -> dict[str, str]:
    """An environment that has uv among its programs."""
    return os.environ | {"PATH": f"{Path(sys.prefix, 'bin')}:{os.environ['PATH']}"}


def project(wanted: dict, repository: Path, folder: Path) -> Path:
    """The directory that is deployed: of a commit, with what its user makes and writes before."""
    directory = checked_out(repository, wanted.pop("commit"), folder) / wanted.pop("below", ".")
    if answers := wanted.pop("cookiecutter", None):
        directory = generated(directory, answers)
    for command in wanted.pop("build", []):
        sh("bash", "-c", command, cwd=directory, env=tools())
    for path, text in wanted.pop("files", {}).items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    return directory


def try_out(run: Run, name: str, wanted: dict, sites: tuple[Site, ...]) -> Answer:
    answer = Answer(name, {"application": name})
    pages = wanted.pop("pages", ["/"])
    try:
        machine = Machine(run, STACK, {"wanted": json.dumps(wanted)}, Options(sites=sites))
    except CommandFailed as refused:
        return answer_of(answer, "no", "no", first_error(str(refused)), str(refused))
    try:
        machine.start()
        try:
            signal_ = machine.signal(900)
        except BootFailed as failed:
            return answer_of(answer, "?", "no", "no signal within 900 s", str(failed))
        answer.log = machine.run("cat /var/log/cloud-init-output.log; journalctl -u gunicorn --no-pager -n 200", False)
        if signal_.status != "SUCCESS":
            installed = "no" if re.match("packages|tools|clone|dependencies|fetch", signal_.unique_id) else "yes"
            return answer_of(answer, installed, "no", signal_.unique_id, answer.log)
        answer.cells |= {"installs": "yes", "boots": "yes"}
        wait_until("the load balancer takes it", lambda: machine.balancer.target_health() == "UP", 60)
        visit(machine, wanted.get("domain") or machine.stack.balancer_name.lower(), pages, answer)
        answer.log += machine.run("journalctl -u gunicorn --no-pager -n 300", False)
        return answer
    finally:
        machine.close()


def answer_of(answer: Answer, installs: str, boots: str, says: str, log: str) -> Answer:
    answer.cells |= {"installs": installs, "boots": boots, "what it says": says.replace("|", "\\|")}
    answer.log = log
    return answer


def first_error(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if "rror" in line]
    return (lines or text.splitlines() or ["?"])[0][:160]


def visit(machine: Machine, host: str, pages: list[str], answer: Answer) -> None:
    browser = {"User-Agent": "Mozilla/5.0", "Accept": "text/html,*/*", "Host": host}
    since = machine.run("date +%s")

    def get(path: str):
        for _ in range(4):
            got = machine.get(path, headers=browser, timeout=90)
            if got.status not in (301, 302, 303, 307, 308):
                break
            location = got.headers["location"]
            if location.startswith("https://"):
                break  # TLS ends at the load balancer, which is not played here without a certificate
            path = re.sub("^https?://[^/]+", "", location) or "/"
        return got

    got = {page: get(page) for page in pages}
    admin = get("/admin/")
    answer.cells["pages"] = " ".join(f"{page} {seen.status}" for page, seen in got.items())
    answer.cells["admin"] = "-" if admin.status == 404 else str(admin.status)
    html = "".join(seen.text for seen in (*got.values(), admin))
    static = re.search(r"""(?:href|src)=["']?(/static/[^"' >]+)""", html)
    answer.cells["static"] = str(machine.get(static[1], headers=browser).status) if static else "-"
    if machine.run("grep -s django.core.management /srv/app/current/manage.py", False):
        answer.cells["file kept"] = keep_a_file(machine, browser)
    failed = [page for page, seen in [*got.items(), ("/admin/", admin)] if seen.status >= 500]
    if failed:
        journal = machine.run(f"journalctl --no-pager -o cat --since @{since}", False)
        answer.cells["errors told"] = "yes" if "Traceback" in journal or "request guard" in journal else "no"
        lines = [line for line in journal.splitlines() if re.match(r"[\w.]*(Error|Exception|DoesNotExist)\b", line)]
        answer.cells["what it says"] = (lines or ["-"])[-1][:120].replace("|", "\\|")


def keep_a_file(machine: Machine, browser: dict[str, str]) -> str:
    said = machine.run(f'as_app python manage.py shell -c "{KEEP_A_FILE}" 2>&1', False, 120)
    place = re.search("kept at (.*)", said)
    if not place:
        return (said.splitlines() or ["no"])[-1][:60].replace("|", "\\|")
    return f"yes, GET {machine.get(place[1], headers=browser).status}" if place[1].startswith("/") else "yes"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=Path, help="one application, with what its user writes as JSON")
    parser.add_argument("--logs", type=Path, help="a folder for what each machine said")
    parser.add_argument("rest", nargs="+")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    if arguments.directory:
        every = {str(arguments.directory): json.loads(arguments.rest[0])}
    else:
        every = json.loads((HERE / "applications.json").read_text())
        every = {name: every[name] for name in arguments.rest[1:] or every}
    rootfs.base()
    pythons = [standalone_python(line) for line in (OLD, NEW)]
    print(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}", flush=True)
    for name, wanted in every.items():
        run = Run()
        try:
            with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as fetched:
                # as that one answers since 2018; projects still name it
                sites = (*releases(Path(fetched), pythons), Site("pypi.python.org", moved_to="pypi.org"))
                wanted["pythons"] = [{"version": python.version, "sha256": python.sha256} for python in pythons]
                directory = arguments.directory
                if not directory:
                    checkouts = Path(arguments.rest[0])
                    for needed in wanted.pop("repositories", []):
                        serve(checkouts / needed, Path(fetched, f"{needed}.git"))
                    directory = project(wanted, checkouts / wanted.pop("repository", name), Path(folder))
                answer = try_out(run, name, wanted | {"directory": str(directory.resolve())}, sites)
        finally:
            run.end()
        print(answer.row(), flush=True)
        if arguments.logs:
            arguments.logs.mkdir(parents=True, exist_ok=True)
            (arguments.logs / f"{name.replace('/', '+')}.log").write_text(answer.log)


if __name__ == "__main__":
    main()
