"""What a service tells systemd (sd_notify)."""

import contextlib
import os
import socket


def notifier():
    """A function that tells systemd something, and does nothing in a process that is no unit."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return lambda message: None
    if address[0] == "@":
        address = "\0" + address[1:]
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def tell(message):
        with contextlib.suppress(OSError):  # systemd is restarting
            sender.sendto(message.encode(), address)

    return tell
