"""What an Amazon Linux script expects of its machine, on Debian: dnf by way of apt, the nginx user."""

from pathlib import Path

from .guest import Guest


def install(guest: Guest) -> None:
    guest.write("usr/bin/dnf", Path(__file__).with_name("dnf").read_bytes(), 0o755)
