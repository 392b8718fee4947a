"""Hosts of the internet that the rig plays: a machine fetches from them what no one else has to have."""

import base64
import http.server
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """A host that answers over HTTPS with the files of a folder; without one, and without another host that has them,
    nobody answers."""

    name: str
    folder: str | None = None
    moved_to: str | None = None
    credentials: str | None = None
    """What it asks for, as `user:password`."""

    @property
    def answers(self) -> bool:
        return bool(self.folder or self.moved_to)


def site_handler(sites: Iterable[Site]) -> type:
    by_name = {site.name: site for site in sites}

    class Handler(http.server.SimpleHTTPRequestHandler):
        timeout = 30

        def log_message(self, *_arguments) -> None:
            """Quiet."""

        def send_head(self):
            site = by_name[self.headers["Host"]]
            if site.credentials and self.headers["Authorization"] != _basic(site.credentials):
                return self._refuse(401, "WWW-Authenticate", 'Basic realm="rig"')
            if site.moved_to:
                return self._refuse(302, "Location", f"https://{site.moved_to}{self.path}")
            self.directory = site.folder
            return super().send_head()

        def _refuse(self, status: int, header: str, value: str) -> None:
            self.send_response(status)
            self.send_header(header, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler


def _basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()
