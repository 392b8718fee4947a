"""One connection to the database belongs to one process.

A forked process inherits its parent's sockets. When both use the same connection, each reads what the other asked for:
over TLS an error (`decryption failed or bad record mac`), over a UNIX socket another user's rows. A copied connection
to a file of SQLite believes in locks that it does not have, and damages the database (sqlite.org, howtocorrupt).

gunicorn.conf.py calls `close_inherited` in `pre_fork` where the master loads the application (`preload_app`), and
`refuse_shared` in `post_worker_init`: what the first could not close, opened without Django, keeps the service from
serving.
"""

import _socket
import contextlib
import os
import sys

PORTS = {"mysql": 3306, "postgresql": 5432}


def close_inherited():
    """Closes Django's connections in the master, and its pools, whose threads do not survive a fork."""
    database = sys.modules.get("django.db")
    for connection in database.connections.all(initialized_only=True) if database else ():
        connection.close()
        if hasattr(connection, "close_pool"):  # PostgreSQL: closing the connection has only given it back
            connection.close_pool()


def refuse_shared(worker):
    """Raises, so that gunicorn stops, when the worker holds a connection to the database that the master holds too."""
    if os.environ["PLUMBLINE_DATABASE_ENGINE"] == "sqlite":
        # under the same number: one that a worker has opened itself has another, and the master has closed Django's
        shared = sorted(opened(worker.ppid) & opened("self"))
    else:
        inherited = sockets(worker.ppid)
        shared = [fd for inode, fd in sockets("self").items() if inode in inherited and leads_to_database(fd)]
    if shared:
        raise RuntimeError(
            f"master and workers share {len(shared)} connection(s) to the database "
            f"(file descriptor {', '.join(map(str, shared))}): each would read the other's rows. "
            "Open connections after the fork, in the first request or in gunicorn's post_fork, or turn preload_app off"
        )


def sockets(process):
    """inode -> file descriptor"""
    return {target: fd for fd, target in descriptors(process).items() if target.startswith("socket:")}


def opened(process):
    """Those of the file of SQLite."""
    file = os.path.realpath(os.environ["PLUMBLINE_DATABASE_NAME"])
    return {fd for fd, target in descriptors(process).items() if target == file}


def descriptors(process):
    folder = f"/proc/{process}/fd"
    found = {}
    for fd in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found[int(fd)] = os.readlink(f"{folder}/{fd}")
    return found


def leads_to_database(fd):
    try:
        with borrowed(fd) as connection:
            peer = connection.getpeername() if connection.type == _socket.SOCK_STREAM else None
    except OSError:  # not connected, as the sockets that gunicorn listens on
        peer = None
    return is_database(peer, os.environ)


@contextlib.contextmanager
def borrowed(fd):
    """The socket of a file descriptor that belongs to somebody else."""
    # the bare one: gevent's, or a default timeout, would leave the descriptor non-blocking
    blocking = os.get_blocking(fd)
    connection = _socket.socket(fileno=fd)
    try:
        yield connection
    finally:
        connection.detach()
        os.set_blocking(fd, blocking)


def is_database(peer, environ):
    """By the port alone over TCP: a name may have another address by now."""
    engine = environ["PLUMBLINE_DATABASE_ENGINE"]
    host = environ["PLUMBLINE_DATABASE_HOST"]
    port = int(environ.get("PLUMBLINE_DATABASE_PORT") or PORTS[engine])
    if not host.startswith("/"):
        return isinstance(peer, tuple) and peer[1] == port
    path = f"{host}/.s.PGSQL.{port}" if engine == "postgresql" else host
    return bool(peer) and isinstance(peer, str) and os.path.realpath(peer) == os.path.realpath(path)
