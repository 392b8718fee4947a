"""Commands that say why they failed, and waiting that ends."""

import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class CommandFailed(Exception):
    def __init__(self, command: list[str], result: subprocess.CompletedProcess):
        self.result = result
        super().__init__(f"{' '.join(command)} ended with {result.returncode}\n{result.stdout}{result.stderr}")


def sh(*command: str, check: bool = True, **options) -> subprocess.CompletedProcess:
    options = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL} | options
    if "input" in options:
        del options["stdin"]
    result = subprocess.run(command, **options)
    if check and result.returncode:
        raise CommandFailed(list(command), result)
    return result


def wait_until(what: str, probe: Callable[[], T], seconds: float, every: float = 0.1) -> T:
    """The first true answer of the probe; TimeoutError names what never came."""
    end = time.monotonic() + seconds
    while True:
        if answer := probe():
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(every)


def host_state() -> dict[str, str]:
    """What a run must leave as it found it on the host."""
    return {
        "links": sh("ip", "-brief", "link").stdout,
        "forwarding": sh("sysctl", "-n", "net.ipv4.ip_forward").stdout,
        "rules": sh("nft", "list", "ruleset").stdout,
    }
