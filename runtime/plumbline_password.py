"""A database's password that has been rotated while the service runs: fetched anew, without a restart."""

import subprocess
import threading
import time
from types import SimpleNamespace

COMMAND = ["bash", "/usr/local/lib/plumbline/plumbline_secrets.sh", "print", "PLUMBLINE_DATABASE_PASSWORD"]
# A rotation changes the server first and shows the secret when it has tested it, some seconds later.
WAITS = (0, 1, 2, 4)
# Seconds without another try: a server that refuses the right password is not helped by more of them.
PAUSE = 30

fetched = SimpleNamespace(password=None, at=float("-inf"))
lock = threading.Lock()


def connect_with_current(connect, parameters, is_refusal):
    """Calls `connect` with the parameters, and once more with another password when the server refuses the one that
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
    with lock:  # one thread fetches, the others find what it has got
        if fetched.password in (None, refused) and time.monotonic() - fetched.at > PAUSE:
            for seconds in WAITS:
                time.sleep(seconds)
                fetched.password = fetch()
                if fetched.password not in (None, refused):
                    break
            fetched.at = time.monotonic()
        return None if fetched.password in (None, refused) else fetched.password


def fetch():
    """The password, or None when the command fails, which then has said why."""
    try:
        answer = subprocess.run(COMMAND, stdout=subprocess.PIPE, text=True, timeout=15)
    except subprocess.TimeoutExpired:
        return None
    return answer.stdout.rstrip("\n") or None if answer.returncode == 0 else None
