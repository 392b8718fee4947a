"""`npm run demo`: the reference stack deployed, booted and asked a few things, on this host and without AWS."""

import argparse
import signal
import socketserver
import threading
import time

from . import rootfs
from .machine import Machine, Options
from .run import Run

REQUESTS = ["/", "/slow?seconds=2", "/health"]
FROM_DATABASE = "/rows?token=hello"


def main() -> None:
    parser = argparse.ArgumentParser(prog="npm run demo --")
    parser.add_argument("--keep", action="store_true", help="stay up until Ctrl-C, reachable from this host")
    parser.add_argument("--port", type=int, default=8080, help="the port on 127.0.0.1 with --keep (default 8080)")
    parser.add_argument(
        "-c", "--context", action="append", default=[], metavar="key=value", help="context of the stack"
    )
    arguments = parser.parse_args()
    context = {"os": "debian-13"} | dict(part.split("=", 1) for part in arguments.context)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run = Run()
    try:
        say("the root file system of a Debian 13 image: once, then from the cache")
        rootfs.base()
        say("cdk bootstrap, cdk synth, cdk deploy to a local AWS")
        machine = Machine(run, None, context, Options())
        try:
            instance = machine.instance
            say(f"booting {instance.type} {instance.id} with its user data, {len(instance.user_data)} bytes")
            machine.boot()
            say(f"serving behind http://{machine.stack.balancer_name}/")
            for path in REQUESTS if context.get("database") == "none" else [*REQUESTS, FROM_DATABASE]:
                show(machine, path)
            if arguments.keep:
                keep(machine, arguments.port)
        finally:
            machine.close()
    finally:
        run.end()
    say("gone, without a trace")


_start = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - _start:6.1f} s  {text}", flush=True)


def show(machine: Machine, path: str) -> None:
    answer = machine.get(path)
    print(f"\nGET {path}\n{answer.status} in {answer.seconds:.3f} s\n{answer.text.strip()[:600]}\n", flush=True)


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
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def pump(source, sink) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(1)
    except OSError:
        pass


if __name__ == "__main__":
    main()
