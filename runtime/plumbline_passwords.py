"""The file of hashes that nginx asks (`auth_basic_user_file`), from an answer of Secrets Manager.

    plumbline_passwords.py PATH <ANSWER     PATH is that of the location, for messages

The secret is a JSON object with `username` and `password`, or lines as `htpasswd` writes them. nginx computes the hash
of what it is sent at each request, while all other requests wait: a salted SHA-1 takes nothing of their time, and the
file is nginx' alone (docs/adr/0065).
"""

import base64
import hashlib
import json
import re
import secrets
import sys

# crypt(5) and nginx' own, as nginx tells them apart (ngx_crypt.c); {PLAIN} is none.
HASH = re.compile(r"\$([1567]|2[abxy]|g?y|apr1)\$[\w./$=,+-]+|\{S?SHA\}[\w/+]+=*")
# nginx reads a line up to its end (LF), and the name in it up to the colon.
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def hashed(password):
    salt = secrets.token_bytes(16)
    digest = hashlib.sha1(password.encode() + salt).digest()
    return "{SSHA}" + base64.b64encode(digest + salt).decode()


def lines_of(text):
    """What nginx reads, or ValueError, which never holds what nobody should read."""
    text = text.removeprefix("\ufeff")
    if re.search(r"[\ud800-\udfff]", text):
        raise ValueError("the secret is no Unicode text")
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    return [line_of(given)] if isinstance(given, dict) else checked(text.split("\n"))


def line_of(given):
    name, password = given.get("username"), given.get("password")
    if not (isinstance(name, str) and isinstance(password, str) and name and password):
        raise ValueError("the secret is a JSON object without the texts username and password")
    if ":" in name or CONTROL.search(name):
        raise ValueError("username holds a colon or a control character")
    if name.startswith("#"):
        raise ValueError("username begins with #, as a comment does for nginx")
    try:
        return f"{name}:{hashed(password)}".encode().decode()
    except UnicodeError:
        raise ValueError("username or password is no Unicode text") from None


def checked(lines):
    lines = [line.strip() for line in lines]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise ValueError("the secret is empty")
    for number, line in enumerate(lines, 1):
        name, _, rest = line.partition(":")
        if not name or CONTROL.search(line) or not HASH.fullmatch(rest.partition(":")[0]):
            raise ValueError(
                f"line {number} of the secret is none of htpasswd: a name, a colon, and a hash of crypt or $apr1$"
            )
    return lines


def main(path):
    answer = json.load(sys.stdin)
    try:
        if "SecretString" not in answer:
            raise ValueError("the secret is binary")
        lines = lines_of(answer["SecretString"])
    except ValueError as error:
        raise SystemExit(f"basicAuth of {path}: {error}") from None
    print("\n".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
