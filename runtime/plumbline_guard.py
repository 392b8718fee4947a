"""The request guard: what gunicorn lacks to keep its place in the request path's plan.

gunicorn.conf.py imports this file, calls `configure` with the plan's numbers and takes over the hooks `when_ready` and
`post_worker_init`; the application does not change. For every request but the health check, in the worker classes
sync, gthread, gevent and asgi, a worker

1. skips the request when its client has gone (nginx has hung up),
2. answers 503 when it waited longer than `queue_timeout`, so that nobody works for a client that has given up,
3. ends it with 504 once the application has worked on it for `request_timeout`, and has the worker replaced.

gunicorn itself ends long requests in sync workers only, and with a 500. The master's loop tells the workers, and
systemd when it asks (WatchdogSec=), that it still runs: a hung master fails the health check and is restarted.
"""

import asyncio
import atexit
import contextlib
import contextvars
import ctypes
import errno
import mmap
import os
import queue
import select
import signal
import socket
import stat
import struct
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

# While some request has come through at once within the last STANDING seconds, the queue is a burst and a request may
# wait for queue_timeout. After that the queue stands, and requests may wait for SHORT: clients that give up sooner than
# queue_timeout would else be served just after they have gone (bench/overload, patience 1 s).
STANDING = 5
SHORT = 0.25


class SharedTime:
    """When something last happened, for the master and all its workers: memory that is shared from before the fork."""

    def __init__(self):
        self.memory = mmap.mmap(-1, 8)
        self.note()

    def note(self):
        self.memory[:] = struct.pack("d", time.monotonic())

    def age(self):
        return time.monotonic() - struct.unpack("d", self.memory)[0]


settings = SimpleNamespace()
master_beat = SharedTime()
latest_request = SharedTime()
fresh_request = SharedTime()
late_request = SharedTime()


def configure(
    *,
    request_timeout,
    queue_timeout,
    proxy_read_timeout,
    slots,
    backlog,
    health_path,
    answer_health,
    serving_file="/run/plumbline/serving",
    master_silence=10,
):
    """Takes the plan's numbers (seconds; slots per worker). Called by gunicorn.conf.py, so again at every reload."""
    settings.__dict__.update(locals())
    master_beat.note()


class Deadline(BaseException):
    """Raised in the application's code. No Exception, so that an `except Exception` in the application lets it pass."""


# --- the master ---


def when_ready(arbiter):
    """Lets the master's loop beat. Both methods run every second at least: one in the main loop, the other also while
    a reload or a stop waits for old workers (gunicorn 27.0.1, arbiter.py)."""
    hear(arbiter.log)
    notify = watchdog()
    last = 0.0

    def beating(method):
        def call():
            nonlocal last
            if time.monotonic() - last >= 0.5:
                last = time.monotonic()
                master_beat.note()
                notify()
            return method()

        return call

    arbiter.murder_workers = beating(arbiter.murder_workers)
    arbiter.reap_workers = beating(arbiter.reap_workers)
    arbiter.manage_workers = replacing(arbiter)


def replacing(arbiter):
    """gunicorn starts another worker only when the old one has ended, and a worker of threads first finishes what else
    it has: for as long as the slowest request takes, a machine of one worker would serve nothing. So workers that were
    retired do not count, at most as many as there are workers, as in a reload."""
    manage_workers = arbiter.manage_workers

    def call():
        retired = [pid for pid, worker in arbiter.WORKERS.items() if is_retired(worker)][: arbiter.num_workers]
        aside = {pid: arbiter.WORKERS.pop(pid) for pid in retired}
        try:
            manage_workers()
        finally:
            arbiter.WORKERS.update(aside)

    return call


RETIRED = 0o400


def retire(worker):
    """Has the worker end once its requests have, and tells the master by the mode of the file of its heartbeat (whose
    time is the heartbeat, so nothing may be written to it)."""
    worker.alive = False
    os.fchmod(worker.tmp.fileno(), RETIRED)
    with contextlib.suppress(ProcessLookupError):  # the master has died
        os.kill(worker.ppid, signal.SIGCHLD)  # wakes its loop


def is_retired(worker):
    return stat.S_IMODE(os.fstat(worker.tmp.fileno()).st_mode) == RETIRED


def watchdog():
    """What pets systemd's watchdog: a function that does nothing when the unit has no WatchdogSec=."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or "WATCHDOG_USEC" not in os.environ:
        return lambda: None
    if address[0] == "@":
        address = "\0" + address[1:]
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)

    def notify():
        with contextlib.suppress(OSError):  # systemd is restarting; the next beat comes within a second
            sender.sendto(b"WATCHDOG=1", address)

    return notify


# --- every worker ---


def post_worker_init(worker):
    hear(worker.log)
    settings.booted = time.time()
    classes = {base.__name__ for base in type(worker).__mro__}
    if "ASGIWorker" in classes:
        worker.asgi = AsgiGuard(worker)
        listen_with_backlog(worker)
        return
    limits = {"SyncWorker": AlarmLimit, "ThreadWorker": ThreadLimit, "GeventWorker": GreenletLimit}
    for name in classes & limits.keys():
        worker.wsgi = WsgiGuard(worker, limits[name]())
        for listener in worker.sockets if name != "GeventWorker" else ():
            listener.accept = accepting(worker.wsgi, listener.accept)
        mark_serving(worker)
        return
    raise RuntimeError(f"the request guard knows sync, gthread, gevent and asgi, not {type(worker).__name__}")


def mark_serving(worker):
    """While all slots are busy nginx answers the health check, if this file says that the application has loaded."""
    try:
        Path(settings.serving_file).touch()
    except OSError as error:
        worker.log.warning("request guard: cannot create %s: %s", settings.serving_file, error)


def hear(log):
    """Django's LOGGING silences gunicorn's loggers unless it says `disable_existing_loggers: False`."""
    for logger in (log.error_log, log.access_log):
        logger.disabled = False


class Guard:
    """What the WSGI and the ASGI guard share: who is let in, and what is said about who is not."""

    def __init__(self, worker):
        self.worker = worker
        self.shed = {"late": 0, "gone": 0}
        self.shed_logged = float("-inf")
        monkey = sys.modules.get("gevent.monkey")
        self.poll = monkey.get_original("select", "poll") if monkey else select.poll  # gevent's own knows no RDHUP

    def waited(self, stamp):
        """Seconds since nginx passed the request on, by its `X-Request-Start: t=<seconds>`. What came before this
        worker started waited for the start, not for a slot; what is older than nginx waits is a step of the clock."""
        try:
            started = float(stamp.removeprefix("t="))
        except ValueError:
            return 0.0
        wait = time.time() - started
        return wait if started >= settings.booted and wait < settings.proxy_read_timeout else 0.0

    def is_late(self, wait):
        # a quarter, so that slots which all end together do not pass for an empty queue, nor may it be refusals that
        # have just made room; and where nobody came for as long, none stands
        at_once = wait < SHORT / 4 and late_request.age() > SHORT
        if at_once or latest_request.age() > STANDING:
            fresh_request.note()
        latest_request.note()
        late = wait > (settings.queue_timeout if fresh_request.age() < STANDING else SHORT)
        if late:
            late_request.note()
        return late

    def hung_up(self, connection):
        """Whether the peer has closed. A peek would miss it behind the unread bytes of a body."""
        if connection.fileno() < 0:
            return True
        poll = self.poll()
        poll.register(connection.fileno(), select.POLLRDHUP)
        return bool(poll.poll(0))

    def refuse(self, why):
        self.shed[why] += 1
        now = time.monotonic()
        if now - self.shed_logged >= 10:
            self.shed_logged = now
            self.worker.log.warning(
                "request guard: %d requests refused as late and %d skipped as abandoned since the start (pid:%s)",
                self.shed["late"],
                self.shed["gone"],
                self.worker.pid,
            )
        return "503 Service Unavailable", [("Retry-After", "1"), ("X-Shed", why)], "the server is busy\n"

    def health(self):
        """The answer to a health check, or None when the application is to give it."""
        if master_beat.age() > settings.master_silence:
            return "503 Service Unavailable", [], "the gunicorn master hangs\n"
        return ("200 OK", [], "ok\n") if settings.answer_health else None

    def overdue(self, method, path):
        """Says so and has the worker replaced: the exception may have left anything in the process half done."""
        self.worker.log.error(
            "request guard: %s %s ran longer than requestTimeout (%g s), the worker is replaced (pid:%s)",
            method,
            path,
            settings.request_timeout,
            self.worker.pid,
        )
        retire(self.worker)

    def timed_out(self):
        text = f"the request ran longer than requestTimeout ({settings.request_timeout:g} s)\n"
        return "504 Gateway Timeout", [], text


def head_and_body(answer):
    status, headers, text = answer
    body = text.encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))), *headers]
    return status, headers, body


# --- WSGI: sync, gthread, gevent ---


class WsgiGuard(Guard):
    def __init__(self, worker, limit):
        super().__init__(worker)
        self.app = worker.wsgi
        self.limit = limit

    def __call__(self, environ, start_response):
        # with two sockets a sync worker beats only before it waits for a request (gunicorn 27.0.1, sync.py), so that
        # `timeout` would come early by as long as it waited
        self.worker.tmp.notify()
        answer = self.answer(environ)
        if answer:
            status, headers, body = head_and_body(answer)
            start_response(status, headers)
            return [body]
        return WsgiRequest(self, environ, start_response).run()

    def answer(self, environ):
        if environ["PATH_INFO"] == settings.health_path:
            return self.health()
        if self.hung_up(environ["gunicorn.socket"]):
            return self.refuse("gone")
        if self.is_late(self.waited(environ.get("HTTP_X_REQUEST_START", ""))):
            return self.refuse("late")
        return None


def accepting(guard, accept):
    """A listener's `accept` that turns away at the door what is not worth starting: 0.07 ms of CPU, and gunicorn takes
    0.5 ms to read a request and refuse it, as long as many views (bench/overload). sync and gthread call it; gevent has
    an `accept` of its own and refuses later, as all do with requests that are more than a head."""

    def call():
        while True:
            client, address = accept()
            try:
                turned_away = turn_away(guard, client)
            except OSError:  # nothing sent yet, or the connection is broken, which gunicorn will see too
                turned_away = False
            if not turned_away:
                return client, address
            client.close()

    return call


def turn_away(guard, client):
    head = client.recv(65536, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    if not head.startswith(b"GET ") or not head.endswith(b"\r\n\r\n"):
        return False
    path = head.split(b" ", 2)[1].partition(b"?")[0]
    if path == settings.health_path.encode():
        return False
    stamp = head.partition(b"\r\nX-Request-Start: ")[2].partition(b"\r\n")[0]  # spelt as in our nginx.conf
    if guard.hung_up(client):
        guard.refuse("gone")
        return True
    if guard.is_late(guard.waited(stamp.decode("latin-1"))):
        client.recv(len(head))  # closing a socket with unread data would take the answer back
        status, headers, body = head_and_body(guard.refuse("late"))
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "Connection: close", "", ""]
        client.sendall("\r\n".join(lines).encode() + body)
        return True
    return False


class WsgiRequest:
    """One call of the application, and the iterable that gunicorn reads its response from. The clock runs through all
    of it, but only the application's own code is interrupted, never gunicorn's between two chunks."""

    def __init__(self, guard, environ, start_response):
        self.guard = guard
        self.environ = environ
        self.start_response = start_response
        self.head = None  # held back until the first chunk: until then a 504 can take its place
        self.head_sent = False
        self.gunicorn_write = None
        self.response = self.chunks = None
        self.deadline = time.monotonic() + settings.request_timeout
        self.reports = iter((True,))  # next() on it is atomic: the line is logged once, by whoever comes first

    def run(self):
        try:
            self.response = self.step(self.guard.app, self.environ, self.hold_head)
        except Deadline:
            chunks = [self.give_up()]
            self.send_head()
            return chunks
        if isinstance(self.response, (list, tuple)) or self.is_file():
            self.send_head()
            return self.response
        self.chunks = iter(self.response)
        return self

    def is_file(self):
        """A file for sendfile, which gunicorn must get as it is. Other things that are wrapped may be slow to read."""
        wrapped = isinstance(self.response, self.environ["wsgi.file_wrapper"])
        return wrapped and hasattr(self.response.filelike, "fileno")

    def __iter__(self):
        return self

    def __next__(self):
        try:
            chunk = self.step(next, self.chunks)
        except StopIteration:
            self.send_head()
            raise
        except Deadline:
            chunk = self.give_up()
            self.chunks = iter(())
        self.send_head()
        return chunk

    def close(self):
        if hasattr(self.response, "close"):
            self.response.close()

    def step(self, call, *args):
        try:
            if time.monotonic() >= self.deadline:
                raise Deadline
            return self.guard.limit.run(self, call, *args)
        finally:
            # not in an `except Deadline`: the application may have swallowed it and gone on
            if time.monotonic() >= self.deadline:
                self.overdue()

    def overdue(self):
        if next(self.reports, False):
            self.guard.overdue(self.environ["REQUEST_METHOD"], self.environ["PATH_INFO"])

    def give_up(self):
        if self.head_sent:
            # gunicorn closes the connection on it, without a line in its log; nginx sees a response cut short
            raise BrokenPipeError(errno.EPIPE, "cut at the deadline")
        status, headers, body = head_and_body(self.guard.timed_out())
        self.head = (status, headers)
        return body

    def hold_head(self, status, headers, exc_info=None):
        if self.head_sent:
            self.start_response(status, headers, exc_info)  # raises, as it should
        self.head = (status, headers)
        return self.write

    def write(self, data):
        self.send_head()(data)

    def send_head(self):
        if not self.head_sent and self.head:
            self.head_sent = True
            self.gunicorn_write = self.start_response(*self.head)
        return self.gunicorn_write


class Alarm:
    """SIGALRM: it interrupts Python code in the main thread, so also code that gives nothing else a turn."""

    def __init__(self, grace=0.0):
        self.grace = grace
        self.open = {}  # request -> when to raise in its code
        self.armed = False
        signal.signal(signal.SIGALRM, self.ring)
        # at its end Python takes its handlers away, and the signal would kill
        atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)
        # gunicorn's pipe for signals is not read by every worker class, and would be full some day
        signal.set_wakeup_fd(signal.set_wakeup_fd(-1), warn_on_full_buffer=False)

    def watch(self, request):
        RUNNING.set(request)
        self.open[request] = request.deadline + self.grace
        if not self.armed:
            self.arm()

    def arm(self):
        self.armed = bool(self.open)
        nearest = min(self.open.values(), default=0)
        signal.setitimer(signal.ITIMER_REAL, max(nearest - time.monotonic(), 0.001) if self.armed else 0)

    def ring(self, *_):
        now = time.monotonic()
        running = RUNNING.get()
        over = self.open.get(running, now + 1) <= now
        for request, at in self.open.items():
            if at <= now:
                self.open[request] = now + 1  # again in a second, should the application swallow it
        self.arm()
        if over:
            raise Deadline


# the request whose code runs; tasks and greenlets that the application starts inherit it
RUNNING = contextvars.ContextVar("request", default=None)


class AlarmLimit:
    """sync: the application runs in the main thread."""

    def __init__(self):
        self.alarm = Alarm()

    def run(self, request, call, *args):
        try:
            self.alarm.watch(request)
            return call(*args)
        finally:
            # Python looks for signals after a call, so not between the application's end and this one's
            self.alarm.open.pop(request, None)


class GreenletLimit:
    """gevent: a timer of the hub throws into the greenlet, as gevent.Timeout does, and again every second. The alarm is
    for greenlets that give the hub no turn."""

    def __init__(self):
        import gevent

        self.gevent = gevent
        self.alarm = Alarm(grace=0.5)

    def run(self, request, call, *args):
        timer = self.gevent.get_hub().loop.timer(max(request.deadline - time.monotonic(), 0), 1.0)
        try:
            # update: the hub's clock stands still while a greenlet runs, so the timer would ring too early by as long
            timer.start(self.gevent.getcurrent().throw, Deadline, update=True)
            self.alarm.watch(request)
            return call(*args)
        finally:
            self.alarm.open.pop(request, None)
            timer.stop()
            timer.close()


class Shot:
    """One stretch of the application's code in one thread, for ThreadLimit."""

    def __init__(self, request):
        self.request = request
        self.thread = threading.get_ident()
        self.at = request.deadline
        self.number = 0
        # shot's number -> who has it. setdefault is atomic: either the watcher fires a shot, or the thread has
        # called it off, and whoever asks again gets the same answer
        self.claims = {}


class ThreadLimit:
    """gthread: a watcher thread raises in the thread that runs the application. Python delivers such an exception some
    bytecodes later, so a thread that is through calls the next shot off, or waits until it has landed: nothing outside
    `run`, no other request and no code of gunicorn's, is ever hit."""

    def __init__(self):
        self.shots = {}  # a dict for its order and its atomic operations
        self.bell = queue.SimpleQueue()
        self.wakes_at = 0
        threading.Thread(target=self.watch, name="request-guard", daemon=True).start()

    def run(self, request, call, *args):
        shot = Shot(request)
        try:
            try:
                self.shots[shot] = True
                if shot.at < self.wakes_at:
                    self.bell.put(None)
                return call(*args)
            finally:
                self.call_off(shot)
        except Deadline:
            self.call_off(shot)
            raise

    def call_off(self, shot):
        while True:
            try:
                while shot.claims.setdefault(shot.number, "thread") == "watcher":
                    time.sleep(0.001)
                self.shots.pop(shot, None)
                if shot.number:
                    raise_in_thread(shot.thread, None)
                return
            except Deadline:
                pass  # landed here, after the call had ended: its result stands

    def watch(self):
        while True:
            now = time.monotonic()
            self.wakes_at = now + 1
            for shot in list(self.shots):
                if shot.at <= now:
                    self.fire(shot)
                self.wakes_at = min(self.wakes_at, shot.at)
            with contextlib.suppress(queue.Empty):
                self.bell.get(timeout=max(self.wakes_at - now, 0.001))

    def fire(self, shot):
        if shot.claims.setdefault(shot.number, "watcher") == "watcher":
            raise_in_thread(shot.thread, Deadline)
            shot.number += 1
            shot.at += 1  # again in a second, should the application swallow it
            shot.request.overdue()  # the thread cannot while it is stuck in C code


def raise_in_thread(thread, exception):
    """None takes back what was raised and has not been delivered."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), None if exception is None else ctypes.py_object(exception)
    )


# --- ASGI ---


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


class AsgiGuard(Guard):
    """gunicorn's asgi worker takes all that comes, so the slots are counted here."""

    def __init__(self, worker):
        super().__init__(worker)
        self.app = worker.asgi
        self.slots = asyncio.Semaphore(settings.slots)
        self.alarm = Alarm(grace=0.5)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        request = AsgiRequest(self, scope, receive, send)
        if scope["path"] == settings.health_path:
            answer = self.health()
            return await (request.answer(answer) if answer else request.run())
        stamp = next((value for name, value in scope["headers"] if name == b"x-request-start"), b"")
        wait = self.waited(stamp.decode("latin-1"))
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


def protocol_of(receive):
    """ASGI does not show the connection; gunicorn's `receive` is a method of its BodyReceiver (27.0.1)."""
    return receive.__self__.protocol


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
        self.guard.overdue(self.scope["method"], self.scope["path"])

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
