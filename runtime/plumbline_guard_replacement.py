"""The request guard in gunicorn's master: a worker that ran a request over its limit is replaced, at no cost to others.

An exception at any line may leave anything half done, so the worker has to go. Until then it serves as well as before,
so it does until a successor serves, and only then is told to end, as in a reload. One worker at a time: the plan counts
the connections and the memory of one successor (runtime/tests/test_replacement.py, bench/retire).
"""

import contextlib
import os
import signal
import stat
import time

from gunicorn.arbiter import Arbiter

# What a worker tells the master, by the mode of the file of its heartbeat (whose time is the heartbeat, so that nothing
# may be written to it). gunicorn makes it with 0600.
SERVING = 0o010
OVERDUE = 0o020

# Starting an application takes a CPU for a while: the pause after it is so many times as long, so that a view which
# always runs over its limit costs a quarter of a CPU at most.
PAUSE = 3
# Seconds that a successor has to start: gunicorn's `timeout` begins with the first heartbeat, after the import.
# As TimeoutStartSec of gunicorn.service.
START = 300
# Seconds until the next attempt, after a successor that did not start.
RETRY = 30
# Seconds between two starts of workers in place of others that end meanwhile: gunicorn starts one again at once, and
# what cannot load would be started ten times a second, since it does not stop gunicorn here.
AGAIN = 5
# gevent and asgi look once a second whether they are to end, and the master's loop turns once a second.
MARGIN = 2
# What a successor that cannot start exits with. With its own codes (3 and 4) gunicorn would stop.
NOT_STARTED = 1


def tell(worker, mark):
    file = worker.tmp.fileno()
    os.fchmod(file, stat.S_IMODE(os.fstat(file).st_mode) | mark)


def has_told(worker, mark):
    return bool(os.fstat(worker.tmp.fileno()).st_mode & mark)


def replace_workers(arbiter):
    """Takes the place of three methods of gunicorn's arbiter (27.0.1): the main loop calls `manage_workers` every
    second at least, `reload` replaces all workers by itself, and `reap_workers` forgets those that have ended."""
    replacement = Replacement(arbiter)
    reload, reap_workers = arbiter.reload, arbiter.reap_workers

    def reload_alone():
        replacement.old = None
        arbiter.manage_workers = replacement.manage_workers
        try:
            reload()
        finally:
            arbiter.manage_workers = replacement.step

    def reap_after_a_look():
        replacement.look()
        return reap_workers()

    arbiter.manage_workers = replacement.step
    arbiter.reload = reload_alone
    arbiter.reap_workers = reap_after_a_look


class Replacement:
    def __init__(self, arbiter):
        self.arbiter = arbiter
        self.manage_workers = arbiter.manage_workers
        self.old = None  # the worker that is being replaced
        self.successors = None  # the process ids of those that were started for it
        self.began = self.rests_until = time.monotonic()
        self.ends_by = None  # when the old one, which has been told to end, is killed
        self.others_from = self.began  # when workers are started again in place of others
        self.starting = set()  # process ids of those that were started beside others and do not serve yet
        self.fills_from = self.began  # no worker is started beside others before that

    def step(self):
        now = time.monotonic()
        if self.old and self.old.pid not in self.arbiter.WORKERS:
            self.old = None
        if self.old:
            self.go_on(now)
        elif now >= self.rests_until:
            self.begin(now)
        if self.old:
            if self.successors is None or now >= self.others_from:
                self.manage_others(now)
        elif any(has_told(worker, SERVING) for worker in self.arbiter.WORKERS.values()):
            self.manage_beside_others(now)
        else:
            self.starting.clear()
            self.manage_workers()

    def look(self):
        """A worker that has served has started, however soon it ends; the file that tells so ends with it."""
        workers = self.arbiter.WORKERS
        self.starting -= {pid for pid in self.starting & workers.keys() if has_told(workers[pid], SERVING)}

    def manage_beside_others(self, now):
        """One that cannot start, for a database that is away or for want of memory, ends neither gunicorn nor those
        that serve, and does not take their CPU by starting over and over."""
        workers = self.arbiter.WORKERS
        if self.starting - workers.keys():
            text = "request guard: a worker did not start, the others serve on, next attempt in %g s"
            self.arbiter.log.error(text, RETRY)
            self.fills_from = now + RETRY
        self.starting &= workers.keys()
        if len(workers) < self.arbiter.num_workers and now < self.fills_from:
            return
        started, could = self.start_missing()
        self.starting |= started
        if not could:
            self.fills_from = now + RETRY

    def manage_others(self, now):
        """The old one does not count, so that gunicorn starts another."""
        old, workers = self.old, self.arbiter.WORKERS
        del workers[old.pid]
        try:
            started, could = self.start_missing()
        finally:
            workers[old.pid] = old
        if self.successors is None:
            self.successors = started
        elif started:
            self.others_from = now + AGAIN
        if not could:
            self.put_off(now)

    def start_missing(self):
        """The process ids of the workers that gunicorn starts in place of those that are gone, and whether it could."""
        workers = self.arbiter.WORKERS
        before = set(workers)
        could = True
        try:
            with starting_at_leisure():
                self.manage_workers()
        except OSError as error:  # no memory for one more process, or no number: gunicorn would end
            self.arbiter.log.error("request guard: %s", error)
            could = False
        return workers.keys() - before, could

    def begin(self, now):
        """The oldest comes first, and a successor is the youngest, so that each has its turn."""
        overdue = [worker for worker in self.arbiter.WORKERS.values() if has_told(worker, OVERDUE)]
        self.old = min(overdue, key=lambda worker: worker.age, default=None)
        self.successors = None
        self.began = now
        self.ends_by = None

    def go_on(self, now):
        arbiter, pid = self.arbiter, self.old.pid
        started = [arbiter.WORKERS.get(successor) for successor in self.successors]
        if self.ends_by is not None:
            if now >= self.ends_by:
                arbiter.log.error("request guard: the worker outlives graceful_timeout and is killed (pid:%s)", pid)
                arbiter.kill_worker(pid, signal.SIGKILL)
        elif not all(started):
            self.put_off(now)
        elif all(has_told(worker, SERVING) for worker in started):
            arbiter.log.info("request guard: the worker has a successor and ends with its requests (pid:%s)", pid)
            self.ends_by = now + arbiter.cfg.graceful_timeout + MARGIN
            self.rests_until = now + PAUSE * (now - self.began)
            arbiter.kill_worker(pid, signal.SIGTERM)
        elif now - self.began >= START:
            for worker in started:
                if not has_told(worker, SERVING):
                    arbiter.kill_worker(worker.pid, signal.SIGKILL)

    def put_off(self, now):
        self.arbiter.log.error(
            "request guard: the successor did not start, the worker serves on, next attempt in %g s (pid:%s)",
            RETRY,
            self.old.pid,
        )
        self.old = None
        self.rests_until = now + RETRY


@contextlib.contextmanager
def starting_at_leisure():
    """A worker that is forked meanwhile and cannot load the application ends without stopping gunicorn: the one that it
    was to follow still serves. In the class, because gunicorn's asgi worker asks that for the code."""
    codes = Arbiter.WORKER_BOOT_ERROR, Arbiter.APP_LOAD_ERROR
    Arbiter.WORKER_BOOT_ERROR = Arbiter.APP_LOAD_ERROR = NOT_STARTED
    try:
        yield
    finally:
        Arbiter.WORKER_BOOT_ERROR, Arbiter.APP_LOAD_ERROR = codes
