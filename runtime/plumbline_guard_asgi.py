"""The request guard around an ASGI application."""

import asyncio
import contextvars
import time

from plumbline_guard_admission import Guard, head_and_body, mark_serving, response, settings
from plumbline_guard_limits import Alarm


def listen_with_backlog(worker):
    """gunicorn's asgi worker listens anew with asyncio's backlog of 100, which also shrinks systemd's queue. It does so
    once the application's lifespan has started: the application has loaded then. And it accepts before its first
    heartbeat, without which `timeout` never comes."""
    create_server = worker.loop.create_server

    async def with_backlog(*args, **kwargs):
        worker.notify()
        server = await create_server(*args, backlog=settings.backlog, **kwargs)
        mark_serving(worker)
        return server

    worker.loop.create_server = with_backlog


# WebSockets have no deadline, so idle ones would fill a worker for ever: a quarter of its slots is for requests alone.
FOR_REQUESTS = 4


class AsgiGuard(Guard):
    """gunicorn's asgi worker takes all that comes, so the slots are counted here."""

    def __init__(self, worker):
        super().__init__(worker)
        self.app = worker.asgi
        self.slots = asyncio.Semaphore(settings.slots)
        self.web_sockets = asyncio.Semaphore(settings.slots - settings.slots // FOR_REQUESTS)
        self.alarm = Alarm(grace=0.5)

    async def __call__(self, scope, receive, send):
        if scope["type"] == "websocket":
            return await self.web_socket(scope, receive, send)
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        request = AsgiRequest(self, scope, receive, send)
        if scope["path"] == settings.health_path:
            answer = self.health()
            return await (request.answer(answer) if answer else request.run())
        refusal = await self.admit(scope, protocol_of(receive).transport, self.slots)
        if refusal:
            return await request.answer(refusal)
        try:
            return await request.run()
        finally:
            self.slots.release()

    async def web_socket(self, scope, receive, send):
        """It holds a slot for as long as it is open."""
        connection = receive.__self__  # gunicorn's WebSocketProtocol (27.0.1)
        refusal = await self.admit(scope, connection.transport, self.web_sockets, self.slots)
        if refusal:
            return deny(connection, refusal)
        try:
            return await self.app(scope, receive, send)
        finally:
            self.slots.release()
            self.web_sockets.release()

    async def admit(self, scope, transport, *places):
        """Waits for a place in each, for queue_timeout in all. Returns what to answer when there is none, or None."""
        stamp = next((value for name, value in scope["headers"] if name == b"x-request-start"), b"")
        wait = self.waited(stamp.decode("latin-1"))
        came = time.monotonic() - wait
        taken = []
        try:
            async with asyncio.timeout(settings.queue_timeout - wait):
                for place in places:
                    await place.acquire()
                    taken.append(place)
            if self.hung_up(transport.get_extra_info("socket")):
                why = "gone"
            elif self.is_late(time.monotonic() - came):
                why = "late"
            else:
                taken = []
                return None
        except TimeoutError:
            why = "late"
        finally:
            for place in taken:
                place.release()
        return self.refuse(why)


def protocol_of(receive):
    """ASGI does not show the connection; gunicorn's `receive` is a method of its BodyReceiver (27.0.1)."""
    return receive.__self__.protocol


def deny(connection, answer):
    """Before the handshake a WebSocket is a request, and gunicorn (27.0.1) can refuse it with 403 or 500 only."""
    connection.closed = connection._denied = True
    connection.transport.write(response(answer))
    connection.transport.close()


class AsgiRequest:
    def __init__(self, guard, scope, receive, send):
        self.guard = guard
        self.scope = scope
        self.receive = receive
        self.send = send
        self.start = None  # held back until the first piece of the body: until then a 504 can take its place
        self.started = False
        self.expired = False
        self.ending = None
        self.deadline = time.monotonic() + settings.request_timeout

    async def run(self):
        # in no context of its own: the alarm must not take it for the application
        timer = asyncio.get_running_loop().call_later(
            settings.request_timeout, self.expire, asyncio.current_task(), context=contextvars.Context()
        )
        try:
            self.guard.alarm.watch(self)
            await self.guard.app(self.scope, self.receive, self.hold_start)
        except BaseException:
            if time.monotonic() < self.deadline:
                raise
            if not self.expired:  # the application gave the loop no turn, and the alarm ended it
                self.expire()
        finally:
            self.guard.alarm.open.pop(self, None)
            timer.cancel()
        if self.ending:
            await self.ending
        elif not self.expired:
            await self.send_start()

    def expire(self, task=None):
        """Answers without waiting for the application: what it handed to threads goes on, whatever is cancelled."""
        self.expired = True
        if self.started:
            protocol_of(self.receive).transport.close()
        else:
            self.ending = asyncio.ensure_future(self.answer(self.guard.timed_out()))
        if task:
            task.cancel()
        self.guard.overdue(self.scope["method"], self.scope["raw_path"].decode("latin-1"))

    async def hold_start(self, message):
        if self.expired:
            return
        if message["type"] == "http.response.start" and not self.started:
            self.start = message
            return
        await self.send_start()
        await self.send(message)

    async def send_start(self):
        if self.start and not self.started:
            self.started = True
            await self.send(self.start)

    async def answer(self, answer):
        status, headers, body = head_and_body(answer)
        headers = [(name.lower().encode(), value.encode()) for name, value in headers]
        await self.send({"type": "http.response.start", "status": int(status[:3]), "headers": headers})
        await self.send({"type": "http.response.body", "body": body})
