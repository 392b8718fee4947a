"""What a view that always runs over its limit costs another one: python bench/retire/run.py. See README.md."""

import argparse
import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent

CONF = """
import inspect
import plumbline_guard
import plumbline_guard_admission
numbers = dict(
    request_timeout={limit}, queue_timeout=2, proxy_read_timeout={limit} + 6, slots=8, backlog=300,
    answer_health=True, serving_file="{folder}/serving", health_path="/health",
)
taken = inspect.signature(plumbline_guard.configure).parameters  # another version may take more, or fewer
plumbline_guard.configure(**{{name: value for name, value in numbers.items() if name in taken}})
if not {retire}:
    for name in ("retire", "tell"):  # as it was named, and as it is
        setattr(plumbline_guard_admission, name, lambda *_: None)
when_ready = plumbline_guard.when_ready
post_worker_init = plumbline_guard.post_worker_init
bind = "unix:{folder}/app.sock"
worker_class = "gthread"
workers = 4
threads = worker_connections = 8
keepalive = 0
timeout = {limit} + 2
graceful_timeout = {limit} + 4
backlog = 300
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
errorlog = "{folder}/error.log"
"""


def get(folder, path):
    client = http.client.HTTPConnection("site", timeout=60)
    client.sock = socket.socket(socket.AF_UNIX)
    client.sock.settimeout(60)
    client.sock.connect(f"{folder}/app.sock")
    try:
        client.request("GET", path)
        return client.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        client.close()


def hammer(folder, until):
    while time.monotonic() < until:
        get(folder, "/slow")


def visit(folder, until, rate):
    """Requests that come whether or not earlier ones have been answered. Returns (status, seconds) of each."""
    answers, threads = [], []

    def one():
        began = time.monotonic()
        status = get(folder, "/")
        answers.append((status, time.monotonic() - began))

    at = time.monotonic()
    while at < until:
        threads.append(threading.Thread(target=one))
        threads[-1].start()
        at += 1 / rate
        time.sleep(max(0, at - time.monotonic()))
    for thread in threads:
        thread.join()
    return answers


def measure(runtime, retire, options):
    with tempfile.TemporaryDirectory() as folder:
        conf = Path(folder, "gunicorn.conf.py")
        conf.write_text(CONF.format(folder=folder, limit=options.limit, retire=retire))
        environment = {**os.environ, "PYTHONPATH": f"{runtime}:{HERE}", "IMPORT": str(options.load)}
        command = [sys.executable, "-m", "gunicorn", "-c", conf, "app:application"]
        server = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)
        try:
            while (Path(folder, "error.log").read_text() if Path(folder, "error.log").exists() else "").count(
                "Booting"
            ) < 4:
                time.sleep(0.1)
            time.sleep(3 * options.load + 2)
            until = time.monotonic() + options.seconds
            clients = [threading.Thread(target=hammer, args=(folder, until)) for _ in range(options.clients)]
            for client in clients:
                client.start()
            answers = visit(folder, until, options.rate)
            log = Path(folder, "error.log").read_text()
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        return answers, log.count("ran longer"), log.count("Booting") - 4


def row(name, answers, overdue, started):
    seconds = sorted(second for _, second in answers)
    p50, p95 = (statistics.quantiles(seconds, n=100)[share - 1] * 1000 for share in (50, 95))
    slow = sum(second > 1 for second in seconds)
    failed = sum(status != 200 for status, _ in answers)
    print(
        f"| {name} | {p50:.0f} ms | {p95:.0f} ms | {seconds[-1] * 1000:.0f} ms"
        f" | {slow} of {len(answers)} | {failed} | {overdue} | {started} |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", help="the runtime folder of another version, to compare with")
    parser.add_argument("--limit", type=int, default=10, help="requestTimeout")
    parser.add_argument("--load", type=float, default=3, help="seconds of CPU that importing the application takes")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rate", type=float, default=5, help="requests a second to the fast view")
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    now = HERE.parent.parent / "runtime"
    print("| | p50 | p95 | longest | over 1 s | not 200 | overdue | workers started |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    row("nobody is replaced", *measure(now, False, options))
    if options.before:
        row("before", *measure(Path(options.before).resolve(), True, options))
    row("now", *measure(now, True, options))


if __name__ == "__main__":
    main()
