"""The configurations that are compared, started as real processes on loopback."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stack:
    """nginx, where there is one, and gunicorn. `port` is what clients connect to."""

    slots = None

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.app_port = free_port()
        self.costs = Path("/dev/shm") / f"plumbline-bench-{os.getpid()}"
        self.costs.write_text("")
        self.processes = []

    def gunicorn(self, *arguments, environment=None):
        with open(self.folder / "gunicorn.log", "wb") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--no-control-socket", *arguments],
                cwd=HERE,
                env={**os.environ, "COSTS": str(self.costs), **(environment or {})},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(self.server)

    def nginx(self, text):
        path = self.folder / "nginx.conf"
        path.write_text(text)
        command = ["nginx", "-c", str(path), "-e", str(self.folder / "nginx-error.log"), "-g", "daemon off;"]
        with open(self.folder / "nginx.log", "wb") as log:
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))

    def peer(self, name):
        text = (HERE / "peers" / name).read_text()
        for key in ("folder", "port", "app_port"):
            text = text.replace("{" + key + "}", str(getattr(self, key)))
        return text

    def __enter__(self):
        self.start()
        end = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url("/health"), timeout=1) as answer:
                if answer.status == 200:
                    time.sleep(1)  # the other workers
                    return self
            if time.monotonic() > end:
                self.__exit__()
                raise RuntimeError(f"{type(self).__name__} did not start, see {self.folder}")
            time.sleep(0.1)

    def __exit__(self, *_):
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.costs.unlink()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def cpu_seconds(self):
        """Of gunicorn's processes, ended ones included."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                pid, parent = int(stat.parent.name), int(fields[1])
                if pid == self.server.pid:
                    ticks += sum(map(int, fields[11:15]))
                elif parent == self.server.pid:
                    ticks += sum(map(int, fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")


class Beanstalk(Stack):
    def start(self):
        self.gunicorn("--bind", f"127.0.0.1:{self.app_port}", "--workers=1", "--threads=15", "app:application")
        self.nginx(self.peer("beanstalk.nginx.conf"))


class Heroku(Stack):
    def start(self):
        conf = HERE / "peers" / "heroku.gunicorn.conf.py"
        self.gunicorn("-c", str(conf), "--bind", f"127.0.0.1:{self.port}", "app:application")


class GunicornSample(Stack):
    def start(self):
        self.gunicorn("--bind", f"unix:{self.folder}/app.sock", "--workers=5", "app:application")
        self.nginx(self.peer("gunicorn-sample.nginx.conf"))


class CookiecutterDjango(Stack):
    def start(self):
        self.gunicorn("--bind", f"127.0.0.1:{self.port}", "app:application", environment={"WEB_CONCURRENCY": "4"})


class Ours(Stack):
    """As rendered for a t3.small, but for paths, the port and what the installed nginx is too old for."""

    workers = threads = None  # the plan's own

    def start(self):
        chosen = {"workers": self.workers, "threads": self.threads}
        plan = {"instanceType": "t3.small", **{name: number for name, number in chosen.items() if number}}
        command = ["npx", "tsx", "bench/overload/rendered.ts", json.dumps(plan)]
        rendered = json.loads(subprocess.check_output(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL))
        self.slots = rendered["slots"]
        conf = self.folder / "gunicorn.conf.py"
        serving = f'serving_file="{self.folder}/serving", answer_health='
        conf.write_text(rendered["gunicorn"].replace("answer_health=", serving))
        binds = ["--bind", f"unix:{self.folder}/app.sock", "--bind", f"unix:{self.folder}/health.sock"]
        self.gunicorn("-c", str(conf), *binds, environment={"PYTHONPATH": str(REPOSITORY / "runtime")})
        self.nginx(self.on_loopback(rendered["nginx"]))

    def on_loopback(self, text):
        for old, new in [
            (r"^user .*;.*$", "user root;"),
            (r"/run/nginx.pid", f"{self.folder}/nginx.pid"),
            (r"/var/log/nginx/", f"{self.folder}/nginx-"),
            (r"/run/gunicorn/", f"{self.folder}/"),
            (r"/run/plumbline/", f"{self.folder}/"),
            (r"/srv/app/current/", f"{self.folder}/"),
            (r"listen 80 default_server", f"listen 127.0.0.1:{self.port} default_server"),
            (r"^ *listen \[::\]:80 .*$", ""),
            (r"^.*, since nginx.*$", ""),
        ]:
            text = re.sub(old, new, text, flags=re.MULTILINE)
        return text


class OursOnEqualSlots(Ours):
    threads = 5


class OursForOneCore(Ours):
    workers = 3


STACKS = {
    "Elastic Beanstalk 1x15": Beanstalk,
    "Heroku starter 5x5": Heroku,
    "gunicorn sample 5x1": GunicornSample,
    "cookiecutter-django 4x1": CookiecutterDjango,
    "ours 5x5": OursOnEqualSlots,
    "ours 5x8": Ours,
    "ours 3x8": OursForOneCore,
}
