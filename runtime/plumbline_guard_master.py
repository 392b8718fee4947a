"""The request guard in gunicorn's master: its loop beats, for the health check and for systemd's watchdog, and tells
systemd how many workers serve (`systemctl status gunicorn`)."""

import mmap
import os
import struct
import time

from plumbline_guard_replacement import SERVING, has_told, replace_workers
from plumbline_systemd import notifier


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
    pet, tell = watchdog(), notifier()
    last = 0.0

    def beat():
        master_beat.note()
        pet()
        # again and again: systemd may have been restarting
        serving = sum(has_told(worker, SERVING) for worker in arbiter.WORKERS.values())
        tell(f"STATUS={serving} of {arbiter.num_workers} workers serve")

    def beating(method):
        def call():
            nonlocal last
            if time.monotonic() - last >= 0.5:
                last = time.monotonic()
                beat()
            return method()

        return call

    arbiter.murder_workers = beating(arbiter.murder_workers)
    arbiter.reap_workers = beating(arbiter.reap_workers)
    replace_workers(arbiter)
    beat()  # before the first worker: what gunicorn has told of itself says nothing of them


def watchdog():
    """What pets systemd's watchdog: a function that does nothing when the unit has no WatchdogSec=."""
    if "WATCHDOG_USEC" not in os.environ:
        return lambda: None
    tell = notifier()
    return lambda: tell("WATCHDOG=1")


def hear(log):
    """Django's LOGGING silences gunicorn's loggers unless it says `disable_existing_loggers: False`."""
    for logger in (log.error_log, log.access_log):
        logger.disabled = False
