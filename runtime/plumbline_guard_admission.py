"""The request guard: which requests a worker works on, the same in every worker class."""

import os
import select
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from plumbline_failures import printable, request_failed, request_failed_silently
from plumbline_guard_master import SharedTime, master_beat
from plumbline_guard_replacement import OVERDUE, SERVING, tell

# While some request has come through at once within the last STANDING seconds, the queue is a burst and a request may
# wait for queue_timeout. After that the queue stands, and requests may wait for SHORT: clients that give up sooner than
# queue_timeout would else be served just after they have gone (bench/overload, patience 1 s).
STANDING = 5
SHORT = 0.25

HEALTH_HEADER = "X-Plumbline-Health"  # nginx sets it on health checks and takes it from everyone else

# Seconds, where the path has a deadline of its own; from nginx as well, and from nobody else.
DEADLINE_HEADER = "X-Plumbline-Deadline"

settings = SimpleNamespace()  # the arguments of plumbline_guard.configure
latest_request = SharedTime()
fresh_request = SharedTime()
late_request = SharedTime()


def seconds_for(text):
    """How long a request may take, by its DEADLINE_HEADER."""
    return float(text) if text else settings.request_timeout


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

    def overdue(self, method, target, seconds):
        """Says so and has the worker replaced: the exception may have left anything in the process half done. The path
        as it was sent: decoded, a %0a in it would begin a line of its own in the log."""
        self.worker.log.error(
            "request guard: %s %s ran longer than requestTimeout (%g s), the worker is replaced (pid:%s)",
            printable(method),
            printable(target.partition("?")[0]),
            seconds,
            self.worker.pid,
        )
        tell(self.worker, OVERDUE)

    def tell_failure(self, method, target, request_id, error):
        """What the application let through."""
        request_failed(method, target.partition("?")[0], request_id, error)

    def tell_silent_failure(self, method, target, request_id):
        """What the application has answered itself, with nothing that would say why."""
        request_failed_silently(method, target.partition("?")[0], request_id)

    def end_stuck(self):
        """At once: a thread that never returns would keep the process from ending."""
        self.worker.log.critical(
            "request guard: every thread is stuck and nobody waits for it any more, the worker ends (pid:%s)",
            self.worker.pid,
        )
        os._exit(1)

    def timed_out(self, seconds):
        text = f"the request ran longer than requestTimeout ({seconds:g} s)\n"
        return "504 Gateway Timeout", [], text

    def failed(self):
        return "500 Internal Server Error", [], "the application failed; its log says why\n"


def head_and_body(answer):
    status, headers, text = answer
    body = text.encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))), *headers]
    return status, headers, body


def mark_serving(worker):
    """From here on requests wait for a slot. The master learns that this worker serves. And while all slots are busy
    nginx answers the health check, if this file says that the application has loaded."""
    settings.booted = time.time()
    tell(worker, SERVING)
    try:
        Path(settings.serving_file).touch()
    except OSError as error:
        worker.log.warning("request guard: cannot create %s: %s", settings.serving_file, error)
