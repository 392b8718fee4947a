"""Names and passwords that nginx asks for go from AWS to files of hashes that nginx alone reads. AWS is played by a
file."""

import base64
import hashlib
import json
import os
import re
import stat
import subprocess

import pytest
from machine_shell import RUNTIME

from plumbline_passwords import lines_of

AWS = """
region=eu-central-1 suffix=amazonaws.com
aws() {{ cat {folder}/answer-"$(sed -n 's/.*"SecretId":"\\([^"]*\\)".*/\\1/p' <<<"$*")"; }}
"""
SECRET = {"username": "anna", "password": "p:w £"}


class Passwords:
    """plumbline_secrets.sh, with folders of the test instead of the machine's."""

    def __init__(self, folder):
        self.folder = folder
        self.files = folder / "passwords"
        self.list = folder / "list"
        self.script = folder / "plumbline_secrets.sh"
        text = (RUNTIME / "plumbline_secrets.sh").read_text()
        for place, own in (
            ("/usr/local/lib/plumbline/aws.sh", folder / "aws.sh"),
            ("/etc/nginx/passwords", self.files),
            ('$(dirname "$0")', RUNTIME),
        ):
            assert place in text
            text = text.replace(place, str(own))
        self.script.write_text(text)
        (folder / "aws.sh").write_text(AWS.format(folder=folder))
        self.list.write_text("/ arn:site\n/admin/users arn:admin\n")
        self.give("arn:site", SECRET)
        self.give("arn:admin", "otto:$apr1$qwertyui$abc./\n# a comment\n\nanna:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")

    def give(self, arn, secret):
        text = secret if isinstance(secret, str) else json.dumps(secret)
        (self.folder / f"answer-{arn}").write_text(json.dumps({"SecretString": text}))

    def fetch(self):
        command = ["bash", self.script, "passwords", self.list, str(os.getgid())]
        return subprocess.run(command, capture_output=True, text=True, timeout=30)


@pytest.fixture
def passwords(tmp_path):
    return Passwords(tmp_path)


def holds(line, password):
    name, _, rest = line.partition(":{SSHA}")
    decoded = base64.b64decode(rest)
    return hashlib.sha1(password.encode() + decoded[20:]).digest() == decoded[:20] and len(decoded[20:]) == 16 and name


def mode_of(path):
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_each_location_has_a_file_that_its_group_may_read_and_nobody_else(passwords):
    assert passwords.fetch().returncode == 0
    assert sorted(path.name for path in passwords.files.iterdir()) == [":", ":admin:users"]
    assert [mode_of(path) for path in (passwords.files, *passwords.files.iterdir())] == ["0o750", "0o640", "0o640"]
    assert (passwords.files / ":admin:users").read_text() == (
        "otto:$apr1$qwertyui$abc./\nanna:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n"
    )


def test_a_password_is_kept_as_a_hash_with_a_salt_of_its_own(passwords):
    kept = []
    for _ in range(2):
        passwords.fetch()
        kept.append((passwords.files / ":").read_text())
    assert [holds(line.rstrip("\n"), SECRET["password"]) for line in kept] == ["anna", "anna"]
    assert kept[0] != kept[1]
    assert all(SECRET["password"] not in line for line in kept)


def test_a_changed_one_takes_the_place_of_the_old(passwords):
    passwords.fetch()
    passwords.give("arn:site", {"username": "anna", "password": "new"})
    passwords.fetch()
    assert holds((passwords.files / ":").read_text().rstrip("\n"), "new") == "anna"


def test_fails_with_the_location_s_name_and_keeps_what_was_there(passwords):
    passwords.fetch()
    before = (passwords.files / ":").read_text()
    passwords.give("arn:site", "no secret of nginx")
    result = passwords.fetch()
    assert result.returncode == 1
    assert result.stderr.startswith("basicAuth of /: line 1 of the secret is none of htpasswd")
    assert (passwords.files / ":").read_text() == before
    assert sorted(path.name for path in passwords.files.iterdir()) == [":", ":admin:users"]


def test_fails_with_what_aws_has_said(passwords):
    script = 'region=x suffix=y\naws() { echo \'{"__type":"ResourceNotFoundException"}\'; return 22; }\n'
    (passwords.folder / "aws.sh").write_text(script)
    result = passwords.fetch()
    assert (result.returncode, result.stderr) == (1, "basicAuth of /: ResourceNotFoundException\n")


WRONG = {
    "": "the secret is empty",
    "# nothing": "the secret is empty",
    "{}": "the secret is a JSON object without the texts username and password",
    '{"username": "anna"}': "the secret is a JSON object without the texts username and password",
    '{"username": "anna", "password": 1}': "the secret is a JSON object without the texts username and password",
    '{"user": "anna", "password": "x"}': "the secret is a JSON object without the texts username and password",
    '{"username": "a:b", "password": "x"}': "username holds a colon or a control character",
    '{"username": "a\\nb", "password": "x"}': "username holds a colon or a control character",
    "anna:secret": "line 1 of the secret is none of htpasswd: a name, a colon, and a hash of crypt or $apr1$",
    "anna:{PLAIN}secret": "line 1 of the secret is none of htpasswd: a name, a colon, and a hash of crypt or $apr1$",
    "a:$6$b$c\nanna": "line 2 of the secret is none of htpasswd: a name, a colon, and a hash of crypt or $apr1$",
    "anna:$ecret-Passw0rd": "line 1 of the secret is none of htpasswd: a name, a colon, and a hash of crypt or $apr1$",
    "an\0na:$1$x$y": "line 1 of the secret is none of htpasswd: a name, a colon, and a hash of crypt or $apr1$",
    "[" * 100_000: "line 1 of the secret is none of htpasswd: a name, a colon, and a hash of crypt or $apr1$",
    '{"username": "#staff", "password": "x"}': "username begins with #, as a comment does for nginx",
    '{"username": "a", "password": "\\ud800"}': "username or password is no Unicode text",
    '{"username": "\\ud800", "password": "x"}': "username or password is no Unicode text",
    "a\ud800:$1$x$y": "the secret is no Unicode text",
}


@pytest.mark.parametrize("secret", WRONG, ids=lambda secret: ascii(secret[:30]))
def test_fails_on_a_secret_that_is_none_without_telling_it(secret):
    with pytest.raises(ValueError, match=f"^{re.escape(WRONG[secret])}$"):
        lines_of(secret)


@pytest.mark.parametrize("form", ["$1$", "$5$rounds=1000$", "$6$", "$2y$05$", "$y$j9T$", "$apr1$"])
def test_each_form_of_hash_that_nginx_or_crypt_knows_stands(form):
    assert lines_of(f"\ufeffanna:{form}salt$hash\r\n") == [f"anna:{form}salt$hash"]
