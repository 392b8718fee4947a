"""Requests from inside the region, one connection each unless a session is kept."""

import http.client
import json
import socket
import time
from dataclasses import dataclass
from typing import Any

from .network import Network


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        return json.loads(self.body)


class HttpClient:
    """Connections to one address in the region's network, under the name that the outside knows it by."""

    def __init__(self, network: Network, address: tuple[str, int], host: str):
        self._network = network
        self.address = address
        self.host = host

    def socket(self) -> socket.socket:
        """Not yet connected, and not blocking: for an event loop."""
        with self._network.inside():
            made = socket.socket()
        made.setblocking(False)
        return made

    def connection(self, timeout: float = 30) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(*self.address, timeout=timeout)
        connection.sock = self._network.connect(self.address, timeout)
        return connection

    def request(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 30,
        connection: http.client.HTTPConnection | None = None,
    ) -> Response:
        start = time.monotonic()
        used = connection or self.connection(timeout)
        try:
            used.request(method, path, body, {"Host": self.host} | (headers or {}))
            answer = used.getresponse()
            data = answer.read()
        finally:
            if not connection:
                used.close()
        return Response(answer.status, {n.lower(): v for n, v in answer.getheaders()}, data, time.monotonic() - start)

    def get(self, path: str, **options) -> Response:
        return self.request("GET", path, **options)
