"""A database's password that has been rotated while the service runs: fetched anew, without a restart. Where the secret
holds the user's name too, rotation may give it to another user."""

import json
import subprocess
import threading
import time
from types import SimpleNamespace

COMMAND = ["/usr/bin/python3", "-I", "/usr/local/lib/plumbline/plumbline_secrets.py", "json"]
VARIABLES = {"user": "PLUMBLINE_DATABASE_USER", "password": "PLUMBLINE_DATABASE_PASSWORD"}
# A rotation changes the server first and shows the secret when it has tested it, some seconds later.
WAITS = (0, 1, 2, 4)
# Seconds without another try after one that found nothing new: a server that refuses the right password is not helped
# by more of them.
PAUSE = 30

fetched = SimpleNamespace(account={}, in_vain_at=float("-inf"))
lock = threading.Lock()


def connect_with_current(connect, parameters, is_refusal):
    """Calls `connect` with the parameters, and once more with another account when the server refuses the one that this
    process knows."""
    known = {"user": parameters["user"], "password": parameters["password"], **fetched.account}
    try:
        return connect({**parameters, **known})
    except Exception as error:
        if not is_refusal(error):
            raise
        fresh = another_than(known)
        if not fresh:
            raise
    return connect({**parameters, **fresh})


def connect_when_let_in(connect, parameters, is_refusal):
    """Calls `connect` until it is let in: what stands between fetches the account itself, at the first refusal."""
    for seconds in WAITS:
        time.sleep(seconds)
        try:
            return connect(parameters)
        except Exception as error:
            if not is_refusal(error):
                raise
            refusal = error
    raise refusal


def another_than(refused):
    """What is new in the account, or nothing."""
    with lock:  # one thread fetches, the others find what it has got
        if {**refused, **fetched.account} == refused and time.monotonic() - fetched.in_vain_at > PAUSE:
            for seconds in WAITS:
                time.sleep(seconds)
                fetched.account = fetch()
                if {**refused, **fetched.account} != refused:
                    break
            else:
                fetched.in_vain_at = time.monotonic()
        return fetched.account if {**refused, **fetched.account} != refused else {}


def fetch():
    """Without what the machine has no secret for; nothing where the command fails, which then says why."""
    try:
        answer = subprocess.run([*COMMAND, *VARIABLES.values()], stdout=subprocess.PIPE, text=True, timeout=15)
    except subprocess.TimeoutExpired:
        return {}
    values = json.loads(answer.stdout) if answer.returncode == 0 else {}
    return {name: values[variable] for name, variable in VARIABLES.items() if values.get(variable)}
