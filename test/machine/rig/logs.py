"""What a machine's nginx and gunicorn wrote since a moment."""

import json
import re

from .machine import Machine
from .shell import wait_until

ERROR_LINE = re.compile(
    r"\[(?:warn|error|crit|alert|emerg)\] \d+#\d+: (?:\*\d+ )?"
    r'(?P<message>.*?)(?:, client: .*?request: "\S+ (?P<target>\S+).*)?$'
)
GUNICORN_LINE = re.compile(r"\[[^\]]+\] \[\d+\] \[(?P<level>\w+)\] (?P<message>.*)")


class Logs:
    """Starts empty when it is made."""

    def __init__(self, machine: Machine):
        self._machine = machine
        self._folder = machine.guest.root / "var/log/nginx"
        self._sizes = {name: self._size(name) for name in ("error.log", "access.log")}
        self._cursor = machine.run("journalctl -n 0 --show-cursor").rpartition("cursor: ")[2]

    def nginx_errors(self) -> list[tuple[str, str]]:
        """Target of the request (empty when a line has none) and message, in order."""
        found = [ERROR_LINE.search(line) for line in self._new("error.log")]
        return [(match["target"] or "", match["message"]) for match in found if match]

    def requests(self) -> list[dict]:
        """The access log of nginx, which writes it with a delay of a second."""
        return [json.loads(line) for line in self._new("access.log")]

    def wait_for_requests(self, count: int) -> list[dict]:
        return wait_until(f"{count} lines in nginx's access log", lambda: len(r := self.requests()) >= count and r, 10)

    def gunicorn(self, levels: str = "WARNING ERROR CRITICAL") -> list[str]:
        """Messages of gunicorn with these levels, in order, without pids."""
        journal = self._machine.run(f"journalctl -u gunicorn -o cat --after-cursor='{self._cursor}'")
        found = [GUNICORN_LINE.match(line) for line in journal.splitlines()]
        return [re.sub(r"pid:\d+", "pid", m["message"]) for m in found if m and m["level"] in levels.split()]

    def journal(self) -> str:
        return self._machine.run(f"journalctl -u gunicorn -o cat --after-cursor='{self._cursor}'")

    def _new(self, name: str) -> list[str]:
        with (self._folder / name).open(errors="replace") as file:
            file.seek(self._sizes[name])
            return file.read().splitlines()

    def _size(self, name: str) -> int:
        file = self._folder / name
        return file.stat().st_size if file.exists() else 0
