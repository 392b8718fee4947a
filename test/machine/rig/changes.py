"""Other files on a machine that serves, for a while."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from .machine import Machine
from .shell import wait_until


def read(machine: Machine, path: str) -> str:
    return (machine.guest.root / path).read_text()


@contextmanager
def changed(machine: Machine, files: Mapping[str, str], starts: bool = True) -> Iterator[None]:
    """The services restarted with these files; afterwards everything is as it was, and the machine serves.

    `starts` says whether the services are to start with these files.
    """
    places = {machine.guest.root / path: text for path, text in files.items()}
    before = {place: place.read_bytes() if place.exists() else None for place in places}
    try:
        for place, text in places.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        _restart(machine, files, starts)
        yield
    finally:
        for place, content in before.items():
            if content is None:
                place.unlink()
            else:
                place.write_bytes(content)
        _restart(machine, files)
        wait_for_load_balancer(machine)


def wait_for_load_balancer(machine: Machine) -> None:
    """Until the machine serves and the load balancer sends it requests, after a restart that failed health checks."""
    machine.wait_for_service()
    wait_until("the load balancer takes the machine back", lambda: machine.balancer.target_health() == "UP", 30)


def _restart(machine: Machine, paths: Iterable[str], starts: bool = True) -> None:
    everything = "systemctl daemon-reload && systemctl restart gunicorn.socket gunicorn.service nginx.service"
    # while gunicorn alone restarts, requests wait in its socket and the load balancer sees nothing
    of_gunicorn = not any(path.startswith(("etc/nginx/", "etc/systemd/")) for path in paths)
    machine.run("systemctl restart gunicorn.service" if of_gunicorn else everything, check=starts)
