"""The request guard in gunicorn's master: its loop beats, and workers that were retired are replaced at once."""

import contextlib
import mmap
import os
import signal
import socket
import stat
import struct
import time


class SharedTime:
    """When something last happened, for the master and all its workers: memory that is shared from before the fork."""

    def __init__(self):
        self.memory = mmap.mmap(-1, 8)
        self.note()

    def note(self):
        self.memory[:] = struct.pack("d", time.monotonic())

    def age(self):
        return time.monotonic() - struct.unpack("d", self.memory)[0]


master_beat = SharedTime()


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


def hear(log):
    """Django's LOGGING silences gunicorn's loggers unless it says `disable_existing_loggers: False`."""
    for logger in (log.error_log, log.access_log):
        logger.disabled = False
