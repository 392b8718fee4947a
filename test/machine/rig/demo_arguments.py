"""What `npm run demo -- ...` takes. Needs Python alone: it is read before anything is installed."""

import argparse
import os
import socket
from pathlib import Path

DESCRIPTION = "Boots the reference stack on this host, without AWS, and puts its promises to the test."


class Namespace(argparse.Namespace):
    @property
    def given(self) -> dict[str, str]:
        """The context of the stack that was asked for."""
        return dict(part.split("=", 1) for part in self.context)


def folder(given: str) -> Path:
    """npm runs scripts where the package lies, and says where its user stands."""
    return Path(os.environ.get("INIT_CWD", "."), given).resolve()


def taken(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return True
    return False


def parse(arguments: list[str] | None = None) -> Namespace:
    """Ends with status 2 and the reason where they cannot be read."""
    parser = argparse.ArgumentParser(prog="npm run demo --", description=DESCRIPTION)
    parser.add_argument("--app", type=folder, metavar="DIR", help="boot this project instead of the sample")
    parser.add_argument("--wsgi", metavar="MODULE:APP", help="its application, for example mysite.wsgi:application")
    parser.add_argument("--asgi", metavar="MODULE:APP", help="the same where it speaks ASGI")
    parser.add_argument("--keep", action="store_true", help="stay up until Ctrl-C, reachable from this host")
    parser.add_argument("--port", type=int, default=8080, help="the port on 127.0.0.1 with --keep (default 8080)")
    parser.add_argument(
        *("-c", "--context"),
        **{"action": "append", "default": [], "metavar": "name=value"},
        help="context of the stack, as for cdk synth: -c database=postgres -c instanceType=t3.micro",
    )
    parser.add_argument("--yes", action="store_true", help="install what is missing on this host without a question")
    read = parser.parse_args(arguments, Namespace())
    if bad := next((part for part in read.context if "=" not in part), None):
        parser.error(f"-c {bad} must be name=value")
    if read.app and not read.app.is_dir():
        parser.error(f"--app {read.app} is no folder")
    if read.app and not (read.wsgi or read.asgi):
        parser.error("--app needs --wsgi MODULE:APP or --asgi MODULE:APP, for example --wsgi mysite.wsgi:application")
    if read.keep and taken(read.port):
        parser.error(f"--port {read.port} is taken: choose another")
    if not read.app and (read.wsgi or read.asgi):
        parser.error("--wsgi and --asgi need --app DIR")
    return read


if __name__ == "__main__":
    parse()
