"""Asks root for secrets, as the application's user.

    plumbline_secrets.py write             has them fetched, all of them, to where systemd reads them: before each start
    plumbline_secrets.py print VARIABLE    prints one as it is now

Run with `python3 -I`: the environment is that of the application, which may change how Python works.
"""

import json
import socket
import sys
import time

ADDRESS = "/run/plumbline-secrets.sock"
# Seconds. Root answers few at a time and hangs up on the others; it has 60 for each (plumbline_secrets@.service).
PATIENCE = 75


def ask(variable):
    """What root says, by the name `value` or `error`."""
    end = time.monotonic() + PATIENCE
    while True:
        reason = "root's service hung up"
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE)
                connection.connect(ADDRESS)
                connection.sendall(f"{variable}\n".encode())
                line = connection.makefile(encoding="utf-8").readline()
            if line:
                return json.loads(line)
        except OSError as error:
            reason = f"{ADDRESS}: {error}"
        if time.monotonic() > end:
            return {"error": reason}
        time.sleep(0.5)


def main(command, variable=""):
    answer = ask(variable)
    if "error" in answer:
        raise SystemExit(f"secrets: {answer['error']}")
    if command == "print":
        print(answer["value"])


if __name__ == "__main__":
    main(*sys.argv[1:])
