"""`celery beat`, once in a fleet: it runs where it holds a lock in the broker, and waits everywhere else.

    python -m plumbline_beat <application> <file of the schedule>

A beat that stops gives the lock back, and one that dies leaves it to expire. One that cannot renew it is killed by the
kernel while the lock is still its own, whatever it is doing. That costs nothing: the broker that it cannot reach is
where its tasks would go, and when each of them ran last is in the file already.

That file is the instance's. On another one it is missing, or is of the last time that beat ran there and is removed. So
when beat moves with Celery's own scheduler,
- an interval starts anew: the entry is due one interval after the move,
- a crontab entry runs at its next time, and one whose time was between the two beats is left out.
A scheduler that keeps its times in a database (django-celery-beat) moves without either.
"""

import contextlib
import glob
import os
import signal
import socket
import sys
import threading
import time

import redis
from redis.backoff import NoBackoff
from redis.exceptions import LockError
from redis.retry import Retry

import plumbline_databases

# In seconds.
LIFE = 30  # of the lock, without a renewal
KILLED = 25  # a broker may restart meanwhile, and what was sent by then arrives before the lock is another's
RENEWAL = 5
POLL = 1
ANSWER = 2  # the longest that the broker may take to connect or to answer


def main(application, schedule):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # until Celery has its own, which ends in SystemExit too
    broker = connect(os.environ)
    lock = broker.lock(f"plumbline-beat:{application}", timeout=LIFE, thread_local=False)  # another thread renews it
    with held(lock):
        move(broker, f"{lock.name}:schedule", schedule)
        celery("-A", application, "beat", "--loglevel", "INFO", "--schedule", schedule, "--", "beat.sync_every=1")


def connect(environ):
    url = plumbline_databases.redis_url(plumbline_databases.broker_url(environ))
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(url, socket_timeout=ANSWER, socket_connect_timeout=ANSWER, retry=once)


@contextlib.contextmanager
def held(lock):
    ended = threading.Event()
    renewals = threading.Thread(target=renew, args=(lock, ended))
    try:
        take(lock)
        renewals.start()
        yield
    finally:
        ended.set()
        if renewals.is_alive():
            renewals.join()
        with contextlib.suppress(redis.RedisError):  # not ours, or soon expired
            lock.release()


def take(lock):
    said = None
    while True:
        asked = time.monotonic()
        try:
            if lock.acquire(blocking=False):
                return die_before_expiry(asked)
            reason = "another beat runs"
        except redis.RedisError as error:
            reason = f"the broker does not answer: {error}"
        if reason != said:
            said = reason
            say(f"waiting, {reason}")
        time.sleep(POLL)


def renew(lock, ended):
    while not ended.wait(RENEWAL):
        asked = time.monotonic()
        try:
            lock.reacquire()
        except LockError:
            say("the broker has lost the lock, or given it to another beat: ending")
            os.kill(os.getpid(), signal.SIGALRM)
        except redis.RedisError as error:
            say(f"the lock was not renewed, beat ends {KILLED} s after the last time that it was: {error}")
        else:
            die_before_expiry(asked)


def die_before_expiry(asked):
    """SIGALRM has no handler: it ends a process that hangs, and one that was suspended before it goes on."""
    signal.setitimer(signal.ITIMER_REAL, max(asked + KILLED - time.monotonic(), 0.001))


def move(broker, name, schedule):
    """Takes note of the file that holds the last runs. When that was another one, ours is of an earlier time, and what
    has been due since would run again."""
    here = f"{socket.gethostname()}:{schedule}"
    last = broker.get(name)
    if last and last.decode() != here:
        for file in glob.glob(f"{glob.escape(schedule)}*"):  # its suffixes are those of the dbm at hand
            os.unlink(file)
    broker.set(name, here)


def celery(*arguments):
    from celery.__main__ import main  # one that waits has 31 MiB without, one that runs has 66

    sys.argv = ["celery", *arguments]
    main()


def say(message):
    print(f"plumbline_beat: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
