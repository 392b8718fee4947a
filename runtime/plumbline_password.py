"""A database's password that has been rotated while the service runs: fetched anew, without a restart."""

import subprocess
import threading
import time
from types import SimpleNamespace

COMMAND = ["bash", "/usr/local/lib/plumbline/plumbline_secrets.sh", "print", "PLUMBLINE_DATABASE_PASSWORD"]
# Seconds before the same password is fetched again: a server that refuses the right one is not helped by more calls.
PAUSE = 5

fetched = SimpleNamespace(password=None, at=float("-inf"))
lock = threading.Lock()


def connect_with_current(connect, parameters, is_refusal):
    """Calls `connect` with the parameters, and once more with a fresh password when the server refuses the one that
    this process knows."""
    known = fetched.password or parameters["password"]
    try:
        return connect({**parameters, "password": known})
    except Exception as error:
        if not is_refusal(error):
            raise
        fresh = another_than(known)
        if fresh is None:
            raise
    return connect({**parameters, "password": fresh})


def another_than(refused):
    with lock:  # one thread fetches, the others find what it has
        if fetched.password in (None, refused) and time.monotonic() - fetched.at >= PAUSE:
            fetched.at = time.monotonic()
            answer = subprocess.run(COMMAND, capture_output=True, text=True, timeout=15, check=True)
            fetched.password = answer.stdout.rstrip("\n")
        return None if fetched.password in (None, refused) else fetched.password
