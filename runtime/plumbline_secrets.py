"""Asks root for secrets, as the application's user.

    plumbline_secrets.py write             has them fetched, all of them, to where systemd reads them: before each start
    plumbline_secrets.py print VARIABLE    prints one as it is now
    plumbline_secrets.py json VARIABLE...  prints an object of those that are secrets, asked for at once

Run with `python3 -I`: the environment is that of the application, which may change how Python works.
"""

import json
import socket
import sys
import time

ADDRESS = "/run/plumbline-secrets.sock"
# Seconds. Root answers few at a time and hangs up on the others; it has 60 for each (plumbline_secrets@.service).
PATIENCE = 75


def ask(variables):
    """What root says, by the name `values` or `error`."""
    end = time.monotonic() + PATIENCE
    while True:
        reason = "root's service hung up"
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE)
                connection.connect(ADDRESS)
                connection.sendall(f"{variables}\n".encode())
                line = connection.makefile(encoding="utf-8").readline()
            if line:
                return json.loads(line)
        except OSError as error:
            reason = f"{ADDRESS}: {error}"
        if time.monotonic() > end:
            return {"error": reason}
        time.sleep(0.2)


def main(command, *variables):
    answer = ask(" ".join(variables))
    if "error" in answer:
        raise SystemExit(f"secrets: {answer['error']}")
    if command == "json":
        print(json.dumps(answer["values"]))
    if command == "print":
        (variable,) = variables
        if variable not in answer["values"]:
            raise SystemExit(f"secrets: {variable} is no secret of this machine")
        print(answer["values"][variable])


if __name__ == "__main__":
    main(*sys.argv[1:])
