#!/usr/bin/env python3
"""Compares workers per GiB with preload_app and without, both as the library renders them. Fails when the target is
missed.

usage: "$(PYTHON=python3.13 scripts/python-env.sh bench/memory/requirements.txt)/bin/python" bench/memory/compare.py
"""

import collections
import concurrent.futures
import http.client
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FEW, MANY = 3, 7
REQUESTS_PER_WORKER = 100
MIN_GAIN = 1.9

# application -> its folder, settings, WSGI application, paths that are asked for
APPLICATIONS = {
    "sample": (
        ROOT / "runtime/sample",
        "sample.settings",
        "sample.wsgi:application",
        ["/", "/health", "/slow?seconds=0"],
    ),
    "heavier": (
        HERE / "heavier",
        "heavier_settings",
        "heavier_wsgi:application",
        ["/admin/login/", "/api/users/", "/api/users/?format=json"],
    ),
}
CLASSES = {"gthread, 8 threads": {"workerClass": "gthread", "threads": 8}, "sync": {"workerClass": "sync"}}


class Server:
    """gunicorn with the rendered configuration, but for paths."""

    def __init__(self, folder, application, plan):
        directory, settings, wsgi, self.paths = APPLICATIONS[application]
        command = ["npx", "tsx", "bench/memory/rendered.ts", json.dumps(plan), "measured:application"]
        rendered = json.loads(subprocess.check_output(command, cwd=ROOT))
        self.workers = plan["workers"]
        self.slots = rendered["slots"]
        self.address = f"{folder}/app.sock"
        conf = Path(folder, "gunicorn.conf.py")
        serving = f'serving_file="{folder}/serving", answer_health='
        conf.write_text(rendered["conf"].replace("answer_health=", serving))
        environment = {
            **os.environ,
            **rendered["environment"],
            "PYTHONPATH": f"{ROOT}/runtime:{HERE}",
            "DJANGO_SETTINGS_MODULE": "plumbline_django",
            "PLUMBLINE_SETTINGS_MODULE": settings,
            "PLUMBLINE_HEALTH_PATH": "/health",
            "PLUMBLINE_ALLOWED_HOSTS": "bench.test",
            "SECRET_KEY": "measured",
            "MEASURED": wsgi,
            "DATABASE": f"{folder}/db.sqlite3",
        }
        if application == "heavier":
            subprocess.run(
                [sys.executable, "-m", "django", "migrate", "--verbosity=0"], cwd=directory, env=environment, check=True
            )
        with Path(folder, "gunicorn.log").open("wb") as log:
            self.master = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", str(conf), "--bind", f"unix:{self.address}"],
                cwd=directory, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def stop(self):
        os.killpg(self.master.pid, signal.SIGKILL)
        self.master.wait()

    def get(self, path):
        """The process that answered."""
        connection = http.client.HTTPConnection("bench.test", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.address)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{path} answered {answer.status}")
        return int(answer.headers["X-Pid"] or 0)

    def ask(self, paths, at_least):
        """Requests on all slots at once, until every worker has answered so many."""
        answers = collections.Counter()
        paths = itertools.cycle(paths)
        with concurrent.futures.ThreadPoolExecutor(self.slots) as clients:
            for _ in range(1000):
                answers.update(clients.map(self.get, list(itertools.islice(paths, 10 * self.workers))))
                if len(answers) == self.workers and min(answers.values()) >= at_least:
                    return
        raise RuntimeError(f"requests a worker: {answers}")

    def wait_until_ready(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                self.get(self.paths[0])
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("gunicorn does not answer")

    def pss_mib(self):
        """Of master and workers: what they share counts once."""
        children = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children").read_text().split()
        assert len(children) == self.workers
        texts = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in [str(self.master.pid), *children])
        return sum(int(re.search(r"^Pss: +(\d+) kB", text, re.MULTILINE)[1]) for text in texts) / 1024


def pss_mib(application, plan):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, application, plan)
        try:
            server.wait_until_ready()
            server.ask(server.paths, REQUESTS_PER_WORKER)
            server.ask(["/collect"], 1)
            return server.pss_mib()
        except Exception:
            print(Path(folder, "gunicorn.log").read_text()[-3000:], file=sys.stderr)
            raise
        finally:
            server.stop()


def per_gib(application, plan):
    few, many = (pss_mib(application, {**plan, "workers": workers}) for workers in (FEW, MANY))
    marginal = (many - few) / (MANY - FEW)
    fixed = few - FEW * marginal
    return marginal, (1024 - fixed) / marginal


def main():
    met = True
    print(f"Python {sys.version.split()[0]}\n")
    print("| application | worker class | a worker without preload | with preload | workers per GiB | gain |")
    print("| --- | --- | --- | --- | --- | --- |")
    for application, (name, plan) in itertools.product(APPLICATIONS, CLASSES.items()):
        mib, count = per_gib(application, plan)
        preload_mib, preload_count = per_gib(application, {**plan, "preloadApp": True})
        gain = preload_count / count
        met = met and gain >= MIN_GAIN
        print(
            f"| {application} | {name} | {mib:.1f} MiB | {preload_mib:.1f} MiB "
            f"| {count:.1f} -> {preload_count:.1f} | **{gain:.2f}** |",
            flush=True,
        )
    return met


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
