"""The request guard around an ASGI application."""

import asyncio
import contextvars
import time

from plumbline_failures import REQUEST_ID_HEADER, TOLD
from plumbline_guard_admission import (
    DEADLINE_HEADER,
    HEALTH_HEADER,
    Guard,
    head_and_body,
    mark_serving,
    seconds_for,
    settings,
)
from plumbline_guard_limits import Alarm


def listen_with_backlog(worker):
    """gunicorn's asgi worker listens anew with asyncio's backlog of 100, which also shrinks systemd's queue. It does so
    once the application's lifespan has started: the application has loaded then. And it accepts before its first
    heartbeat, without which `timeout` never comes. Told to end meanwhile, it would accept what waits, and drop it."""
    create_server = worker.loop.create_server

    async def with_backlog(*args, **kwargs):
        worker.notify()
        kwargs["start_serving"] = worker.alive
        server = await create_server(*args, backlog=settings.backlog, **kwargs)
        if worker.alive:
            mark_serving(worker)
        return server

    worker.loop.create_server = with_backlog


class AsgiGuard(Guard):
    """gunicorn's asgi worker takes all that comes, so the slots are counted here. WebSockets take none and have no
    deadline: nginx bounds them."""

    def __init__(self, worker):
        super().__init__(worker)
        self.app = worker.asgi
        self.slots = asyncio.Semaphore(settings.slots)
        self.alarm = Alarm(grace=0.5)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)  # gunicorn logs what fails there
        request = AsgiRequest(self, scope, receive, send)
        if header(scope, HEALTH_HEADER) == "1":
            answer = self.health()
            return await (request.answer(answer) if answer else request.run())
        wait = self.waited(header(scope, "X-Request-Start"))
        came = time.monotonic() - wait
        try:
            async with asyncio.timeout(settings.queue_timeout - wait):
                await self.slots.acquire()
        except TimeoutError:
            return await request.answer(self.refuse("late"))
        try:
            if self.hung_up(protocol_of(receive).transport.get_extra_info("socket")):
                return await request.answer(self.refuse("gone"))
            if self.is_late(time.monotonic() - came):
                return await request.answer(self.refuse("late"))
            return await request.run()
        finally:
            self.slots.release()


def header(scope, wanted):
    value = next((value for name, value in scope["headers"] if name == wanted.lower().encode()), b"")
    return value.decode("latin-1")


def protocol_of(receive):
    """ASGI does not show the connection; gunicorn's `receive` is a method of its BodyReceiver (27.0.1)."""
    return receive.__self__.protocol


class AsgiRequest:
    def __init__(self, guard, scope, receive, send):
        self.guard = guard
        self.scope = scope
        self.told = scope[TOLD] = []
        self.receive = receive
        self.send = send
        self.start = None  # held back until the first piece of the body: until then a 504 can take its place
        self.started = False
        self.complete = False
        self.failed = False
        self.expired = False
        self.ending = None
        self.seconds = seconds_for(header(scope, DEADLINE_HEADER))
        self.deadline = time.monotonic() + self.seconds

    async def run(self):
        # in no context of its own: the alarm must not take it for the application
        timer = asyncio.get_running_loop().call_later(
            self.seconds, self.expire, asyncio.current_task(), context=contextvars.Context()
        )
        try:
            self.guard.alarm.watch(self)
            await self.guard.app(self.scope, self.receive, self.hold_start)
        except BaseException as error:
            if time.monotonic() < self.deadline:
                if not isinstance(error, Exception):
                    raise
                await self.fail(error)
            elif not self.expired:  # the application gave the loop no turn, and the alarm ended it
                self.expire()
        finally:
            self.guard.alarm.open.pop(self, None)
            timer.cancel()
        if self.ending:
            await self.ending
        elif not self.expired and not self.failed:
            await self.send_start()
            if self.start and self.start["status"] == 500 and not self.told:
                self.guard.tell_silent_failure(*self.named())

    def expire(self, task=None):
        """Answers without waiting for the application: what it handed to threads goes on, whatever is cancelled."""
        self.expired = True
        if self.started:
            protocol_of(self.receive).transport.close()
        else:
            self.ending = asyncio.ensure_future(self.answer(self.guard.timed_out(self.seconds)))
        if task:
            task.cancel()
        self.guard.overdue(self.scope["method"], self.scope["raw_path"].decode("latin-1"), self.seconds)

    async def fail(self, error):
        """Starlette raises what it has answered with a 500, for the server to log; gunicorn takes it for a client that
        has gone once the response is complete."""
        self.failed = True
        transport = protocol_of(self.receive).transport
        # after a whole response the client's leaving is no news, and nothing fails of it
        gone = not self.complete and self.guard.hung_up(transport.get_extra_info("socket"))
        # what `send` and `receive` raise then, by the specification and in Starlette
        about_that = isinstance(error, OSError) or type(error).__name__ == "ClientDisconnect"
        if not (gone and about_that):
            self.guard.tell_failure(*self.named(), error)
        if not self.started:
            await self.answer(self.guard.failed())
        elif not self.complete:
            transport.close()

    def named(self):
        path = self.scope["raw_path"].decode("latin-1")
        return self.scope["method"], path, header(self.scope, REQUEST_ID_HEADER)

    async def hold_start(self, message):
        if self.expired:
            return
        if message["type"] == "http.response.start" and not self.started:
            self.start = message
            return
        await self.send_start()
        self.complete = message["type"] == "http.response.body" and not message.get("more_body")
        await self.send(message)

    async def send_start(self):
        if self.start and not self.started:
            await self.send(self.start)  # gunicorn refuses headers that are none: a 500 can take their place
            self.started = True

    async def answer(self, answer):
        status, headers, body = head_and_body(answer)
        headers = [(name.lower().encode(), value.encode()) for name, value in headers]
        await self.send({"type": "http.response.start", "status": int(status[:3]), "headers": headers})
        await self.send({"type": "http.response.body", "body": body})
