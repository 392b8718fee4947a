"""Load. An open loop: requests leave at their own times, earlier ones answered or not, and clients hang up."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .http_client import HttpClient, Response


@dataclass(frozen=True)
class Outcome:
    """One request: when it left, what came back. Status 0: the client hung up first; -1: the connection broke."""

    at: float
    status: int
    seconds: float
    headers: str


async def request(client: HttpClient, path: str, patience: float) -> Outcome:
    at = time.time()
    start = time.monotonic()
    writer = None
    status, head = 0, ""
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(sock=await _connected(client))
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {client.host}\r\nConnection: close\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            await reader.read()
            status = int(head.split(" ", 2)[1])
    except TimeoutError:
        status = 0
    except (OSError, asyncio.IncompleteReadError):
        status = -1
    finally:
        if writer:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    return Outcome(at, status, time.monotonic() - start, head)


async def _connected(client: HttpClient) -> socket.socket:
    sock = client.socket()
    try:
        await asyncio.get_running_loop().sock_connect(sock, client.address)
    except BaseException:
        sock.close()
        raise
    return sock


def open_loop(client: HttpClient, path: str, rate: float, seconds: float, patience: float = 30) -> list[Outcome]:
    """`rate` requests a second for `seconds`, each given up after `patience`; their outcomes in the order they left."""

    async def run() -> list[Outcome]:
        start = time.monotonic()
        tasks = []
        for number in range(round(rate * seconds)):
            await asyncio.sleep(max(0, start + number / rate - time.monotonic()))
            tasks.append(asyncio.create_task(request(client, path, patience)))
        return list(await asyncio.gather(*tasks))

    return asyncio.run(run())


def closed_loop(client: HttpClient, paths: Iterable[str], connections: int) -> list[tuple[str, Response]]:
    """Each connection asks for its next path when it has its answer; every path with its answer."""
    waiting = iter(list(paths))

    def ask(_number: int) -> list[tuple[str, Response]]:
        connection = client.connection()
        try:
            # next() on a list's iterator is one step for the interpreter, so no path is asked for twice
            return [(path, client.get(path, connection=connection)) for path in waiting]
        finally:
            connection.close()

    with ThreadPoolExecutor(connections) as pool:
        return [answer for answers in pool.map(ask, range(connections)) for answer in answers]
