"""`npm run demo`: the reference stack booted on this host without AWS, and its promises put to the test."""

import re
import resource
import signal
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from . import demo_arguments, demo_project, rootfs, usual
from .demo_promises import LIMIT, Side, promises, row
from .machine import BootFailed, Machine, Options
from .run import CACHE, Run
from .shell import CommandFailed

# Without a database the boot takes half the time, and no promise here needs one.
PROJECTS = {"os": "debian-13", "database": "none"}
DEFAULTS = PROJECTS | {"requestTimeout": str(LIMIT)}
INTRODUCTION = f"""
{{plan}}; beside it, on the same machine, the usual defaults.
Times are a tenth of real ones: a limit of 50 s is {LIMIT} s, gunicorn's 30 s are 3 s, nginx' 60 s 6 s.

{row("", "Plumbline", "the usual defaults")}
{"-" * 100}"""
PROJECT = "npx tsx test/machine/apps/project.ts"


def main() -> int:
    arguments = demo_arguments.parse()
    context = (PROJECTS if arguments.app else DEFAULTS) | arguments.given
    if arguments.app:
        context |= {"directory": str(arguments.app)}
        context |= {name: value for name in ("wsgi", "asgi") if (value := getattr(arguments, name))}
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)
    run = Run()
    try:
        demonstrate(run, context, arguments)
    except KeyboardInterrupt:
        return 130
    except (BootFailed, CommandFailed, TimeoutError) as failed:
        print(f"\n{reason(failed)}", file=sys.stderr)
        return 1
    finally:
        run.end()
    return 0


def reason(failed: Exception) -> str:
    """What the library says to its user, where that is in the output of cdk synth, and not where Node was."""
    said = re.search(r"^Error: (.*?)\n +at ", str(failed), re.MULTILINE | re.DOTALL)
    return said[1] if said else str(failed)


def interrupted(*_signal: object) -> None:
    """Ctrl-C: what was made on this host goes first, and another one would leave it there."""
    ignore_signals()
    print("\nstopped: the machine, its network and its files are taken away, a few seconds", flush=True)
    raise KeyboardInterrupt


def ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def demonstrate(run: Run, context: dict[str, str], arguments: demo_arguments.Namespace) -> None:
    with step("the root file system of Debian 13 (a minute or more when it is made, then kept)"):
        rootfs.base()
    with step("cdk bootstrap, synth and deploy, to an AWS that is played here"):
        machine = Machine(run, PROJECT if arguments.app else None, context, Options())
    try:
        instance = machine.instance
        with step(f"a {instance.type} boots with its {len(instance.user_data)} bytes of user data"):
            demo_project.boot(machine) if arguments.app else machine.boot()
        if arguments.app:
            demo_project.show(machine)
        elif context["requestTimeout"] == str(LIMIT) and context.get("workerClass") != "asgi":
            show_promises(machine)
        else:
            print(f"It serves. Its promises are shown with requestTimeout {LIMIT} and a workerClass of WSGI.")
        if arguments.keep:
            keep(machine, arguments.port)
    finally:
        ignore_signals()
        with step("machine, network and files are taken away"):
            machine.close()
    print(f"Nothing is left but the cache in {CACHE.parent}.")


def show_promises(machine: Machine) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # a flood is many connections
    with ExitStack() as services:
        with step("beside it the usual: nginx with proxy_pass, gunicorn with 3 workers"):
            client = services.enter_context(usual.beside(machine))
        plan = demo_project.plan_of(machine)
        slots = int(re.search(r"(\d+) slots", plan)[1])
        ours, other = Side(machine, machine.http, "gunicorn", slots), Side(machine, client, "usual-gunicorn", 3)
        print(INTRODUCTION.format(plan=plan))
        for cells in promises(ours, other):
            print(row(*cells), flush=True)
    print()


def keep(machine: Machine, port: int) -> None:
    """Until Ctrl-C: a port of this host that leads to the load balancer."""

    class Forward(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            inner = machine.region.network.connect(machine.balancer.address, 10)
            inner.settimeout(None)
            back = threading.Thread(target=pump, args=(inner, self.request), daemon=True)
            back.start()
            pump(self.request, inner)
            back.join()
            inner.close()

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", port), Forward) as server:
        print(f"curl -H 'Host: {machine.stack.balancer_name}' http://127.0.0.1:{port}/", flush=True)
        print(f"a shell inside: nsenter --target {machine.guest.leader} --all /bin/bash\nCtrl-C ends it", flush=True)
        server.serve_forever()


def pump(source, sink) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(1)
    except OSError:
        pass


@contextmanager
def step(text: str) -> Iterator[None]:
    """A line for each step: what is done, and when it is, how long it took."""
    print(f"{text} ... ", end="", flush=True)
    start = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f"{time.monotonic() - start:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
