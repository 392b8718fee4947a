"""Open-loop load: Poisson arrivals that are fixed before the start, over pooled keep-alive connections as a load
balancer's, from clients that hang up when their patience ends and never slow down."""

import asyncio
import random
from collections import namedtuple
from dataclasses import dataclass, field

Phase = namedtuple("Phase", "name seconds rate")


@dataclass(slots=True, eq=False)
class Request:
    number: int
    target: str
    due: float  # patience counts from here, however late the generator is
    phase: str
    sent: float = 0.0
    ended: float = 0.0
    status: int = 0  # 0: no answer, -1: the client has hung up
    connection: "Connection | None" = None

    @property
    def seconds(self):
        return self.ended - self.due

    @property
    def good(self):
        return self.status == 200


class Connection(asyncio.Protocol):
    def __init__(self, pool):
        self.pool = pool
        self.request = None
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def send(self, request):
        self.request = request
        self.received = b""
        request.connection = self
        request.sent = self.pool.loop.time()
        target = f"{request.target}&id={request.number}"
        self.transport.write(f"GET {target} HTTP/1.1\r\nHost: bench.test\r\n\r\n".encode())

    def data_received(self, data):
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator or self.request is None:
            return
        lowered = head.lower()
        length = int(lowered.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if len(body) < length:
            return
        self.pool.end(self.request, int(head[9:12]))
        self.request = None
        if b"connection: close" in lowered:
            self.transport.close()
        else:
            self.pool.idle.append(self)

    def connection_lost(self, error):
        if self.request:
            self.pool.end(self.request, 0)
        elif self in self.pool.idle:
            self.pool.idle.remove(self)


@dataclass
class Pool:
    host: str
    port: int
    patience: float
    idle: list = field(default_factory=list)
    open_requests: int = 0

    def end(self, request, status):
        if not request.ended:
            request.status, request.ended = status, self.loop.time()
            self.open_requests -= 1

    def start(self, request):
        self.open_requests += 1
        self.loop.call_at(request.due + self.patience, self.hang_up, request)
        if self.idle:
            self.idle.pop().send(request)
        else:
            task = self.loop.create_task(self.connect(request))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def connect(self, request):
        try:
            _, connection = await self.loop.create_connection(lambda: Connection(self), self.host, self.port)
        except OSError:
            self.end(request, 0)
            return
        if request.ended:
            connection.transport.abort()
        else:
            connection.send(request)

    def hang_up(self, request):
        if request.ended:
            return
        self.end(request, -1)
        if request.connection:
            request.connection.request = None
            request.connection.transport.abort()

    async def run(self, arrivals):
        self.loop = asyncio.get_running_loop()
        self.tasks = set()
        start = self.loop.time() + 0.1
        for request in arrivals:
            request.due += start
            wait = request.due - self.loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            self.start(request)
        while self.open_requests:
            await asyncio.sleep(0.05)
        for connection in self.idle:
            connection.transport.abort()
        return start


def arrivals(phases, mix, seed):
    """`mix`: the targets with their shares."""
    chance = random.Random(seed)
    requests, begin = [], 0.0
    for phase in phases:
        at = begin + chance.expovariate(phase.rate)
        while at < begin + phase.seconds:
            target = chance.choices([target for target, _ in mix], [share for _, share in mix])[0]
            requests.append(Request(len(requests), target, at, phase.name))
            at += chance.expovariate(phase.rate)
        begin += phase.seconds
    return requests
