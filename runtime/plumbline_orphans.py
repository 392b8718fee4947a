"""No query outlives its process in MySQL and MariaDB.

Their servers learn that a client is gone when they answer it, so a statement of a killed process works on, with its
locks and its connection, until the statement timeout; MySQL has one for SELECT alone. Measured with MariaDB 10.11 and
11.8 and MySQL 9.7: only SLEEP and GET_LOCK look for their client.

Each worker of gunicorn notes its connections in files, which survive it and a restart of the service. When one has
ended, and when it starts itself, the master starts this file as a program, which connects as the application does and
kills the connections of processes that are no more.
"""

import collections
import contextlib
import fcntl
import os
import sys
import time
import weakref
from pathlib import Path

from plumbline_fork import borrowed

# A note is an empty file `<process>-<id of the connection>-<port>`, as old as the connection.
FOLDER = Path(os.environ.get("RUNTIME_DIRECTORY", "/run/plumbline"), "connections")
# Notes of closed connections that stay: a deadline closes the client's end, and the query goes on in the server until
# the worker has ended too. Meanwhile it closes those of its other requests, under gevent 1000 by gunicorn's default.
KEPT = 1000
closed = collections.deque()


def post_worker_init(worker):
    database = sys.modules.get("django.db")
    if not database:
        return
    from django.db.backends.signals import connection_created

    FOLDER.mkdir(exist_ok=True)
    connection_created.connect(note)
    for connection in database.connections.all(initialized_only=True):  # opened while the application was loaded
        if connection.connection:
            note(connection)


def note(connection, **_):
    if connection.alias != "default":
        return
    driver = connection.connection
    path = FOLDER / f"{os.getpid()}-{driver.thread_id()}-{port(driver)}"
    with contextlib.suppress(OSError):  # a request is worth more than its note
        path.touch()
    weakref.finalize(driver, closed.append, path)
    while len(closed) > KEPT:
        closed.popleft().unlink(missing_ok=True)


def port(driver):
    """The end of what the server calls the client's host. Through a proxy, whose ids are others, it is another port."""
    with borrowed(driver.fileno() if hasattr(driver, "fileno") else driver._sock.fileno()) as connection:  # PyMySQL
        name = connection.getsockname()
    return name[1] if isinstance(name, tuple) else "localhost"


def on_starting(arbiter):
    look(arbiter)


def child_exit(arbiter, worker):
    if arbiter.LISTENERS:  # it does not stop
        look(arbiter, worker.pid)


def look(arbiter, process="*"):
    """The master itself must neither wait nor connect. Not by subprocess: gevent puts its own in the place, which takes
    SIGCHLD from gunicorn."""
    if any(FOLDER.glob(f"{process}-*-*")):
        try:
            os.posix_spawn(sys.executable, [sys.executable, "-m", __name__], os.environ)
        except OSError as error:
            arbiter.log.warning("cannot look for queries that killed workers have left: %s", error)


def left():
    """The notes of processes that have ended."""
    return [path for path in FOLDER.glob("*-*-*") if not lives(path.name.split("-")[0])]


def lives(process):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())  # empty of one that nobody has waited for yet
    return False


def end(notes):
    """A connection is killed only when the server sees it come from where the process had it, and is as old: an id is
    given once in a server's life."""
    from django.db import connection

    # without Django's cursors, which want its applications to be loaded
    driver = connection.get_new_connection(connection.get_connection_params())
    with contextlib.closing(driver), driver.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Uptime'")
        started = time.time() - int(cursor.fetchone()[1]) + 1  # the server subtracts whole seconds
        found = {}
        for path in notes:
            process, identity, port = path.name.split("-")
            if path.stat().st_mtime > started:
                found[int(identity), port] = process
        cursor.execute("SHOW PROCESSLIST")
        for identity, _, host, *_ in cursor.fetchall():
            process = found.get((identity, host.rpartition(":")[2]))
            if process:
                print(f"connection {identity} of process {process}, which has ended, is killed", file=sys.stderr)
                with contextlib.suppress(connection.Database.OperationalError):  # it has just ended
                    cursor.execute(f"KILL {identity}")


def main():
    folder = os.open(FOLDER, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)  # one after the other, so that one connection is enough
    notes = left()
    if notes:
        end(notes)
    for path in notes:
        path.unlink()


if __name__ == "__main__":
    main()
