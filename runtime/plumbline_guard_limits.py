"""The request guard: what ends the application's code at its deadline, in each worker class."""

import atexit
import contextlib
import contextvars
import ctypes
import queue
import signal
import threading
import time


class Deadline(BaseException):
    """Raised in the application's code. No Exception, so that an `except Exception` in the application lets it pass."""


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
    `run`, no other request and no code of gunicorn's, is ever hit.

    A thread that is stuck in C code cannot be raised in. Where none of `threads` is left, the process ends as soon as
    nobody waits for it any more: nginx does for `patience` seconds longer than a request may take."""

    def __init__(self, threads, patience):
        self.threads = threads
        self.patience = patience
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
            self.end_if_stuck(now)
            with contextlib.suppress(queue.Empty):
                self.bell.get(timeout=max(self.wakes_at - now, 0.001))

    def end_if_stuck(self, now):
        given_up = [shot.request for shot in list(self.shots) if now >= shot.request.deadline + self.patience]
        if len(given_up) >= self.threads:
            given_up[0].stuck()

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
