"""Secrets go from AWS to a file of root's, and from there to whoever may ask. AWS is played by a file."""

import json
import os
import socket
import stat
import subprocess
import threading

import pytest
from machine_shell import RUNTIME

import plumbline_secrets

AWS = """
region=eu-central-1 suffix=amazonaws.com
aws() {{ cat {folder}/answer-$1; }}
"""
FAILURE = 'aws() {{ echo \'{{"__type":"ThrottlingException"}}\'; return 22; }}'


class Root:
    """plumbline_secrets.sh, with folders of the test instead of the machine's."""

    def __init__(self, folder):
        self.folder = folder
        self.secrets = folder / "plumbline-secrets"
        self.list = folder / "secrets"
        self.aws = folder / "aws.sh"
        self.script = folder / "plumbline_secrets.sh"
        text = (RUNTIME / "plumbline_secrets.sh").read_text()
        for place, own in (
            ("/usr/local/lib/plumbline/aws.sh", self.aws),
            ("/etc/gunicorn/secrets", self.list),
            ("/run/plumbline-secrets", self.secrets),
        ):
            assert place in text
            text = text.replace(place, str(own))
        self.script.write_text(text)
        self.aws.write_text(AWS.format(folder=folder))
        self.list.write_text("KEY secretsmanager arn:key\nLOGIN ssm /site/login pass\n")
        self.give("secretsmanager", {"SecretString": 'a "b" $c\\ `d`'})
        self.give("ssm", {"Parameter": {"Value": '{"pass": "word"}'}})

    def give(self, service, answer):
        (self.folder / f"answer-{service}").write_text(json.dumps(answer))

    def run(self, command):
        return subprocess.run(["bash", self.script, command], capture_output=True, text=True, timeout=30)

    @property
    def environment(self):
        return self.secrets / "environment"


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path)


def mode_of(path):
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_they_are_written_as_systemd_reads_them_for_root_alone(root):
    assert root.run("write").returncode == 0
    assert root.environment.read_text() == 'KEY="a \\"b\\" \\$c\\\\ \\`d\\`"\nLOGIN="word"\n'
    assert (mode_of(root.secrets), mode_of(root.environment)) == ("0o700", "0o600")
    assert root.environment.stat().st_uid == os.getuid()
    assert [path.name for path in root.secrets.iterdir()] == ["environment"]


def test_those_of_the_installation_are_a_list_and_a_file_of_their_own(root):
    (root.folder / "packages").write_text("UV_DEFAULT_INDEX ssm /pypi pass\n")
    command = ["bash", root.script, "write", root.folder / "packages", "packages"]
    subprocess.run(command, check=True, timeout=30)
    assert (root.secrets / "packages").read_text() == 'UV_DEFAULT_INDEX="word"\n'
    assert not root.environment.exists()


COMPOSED = """\
URL composed db://{USER}:{PASSWORD}@h:1/{USER}?a=b%2Fc&d=/e
USER secretsmanager arn:db user
PASSWORD secretsmanager arn:db password
"""


def test_a_url_is_put_together_of_others_percent_encoded_and_each_secret_is_asked_for_once(root):
    root.aws.write_text(AWS.format(folder=root.folder).replace("{ cat", f"{{ echo $1 >>{root.folder}/asked; cat"))
    root.list.write_text("".join([COMPOSED.partition("\n")[2], COMPOSED.partition("\n")[0], "\n"]))
    root.give("secretsmanager", {"SecretString": json.dumps({"user": "app", "password": 'a/b:c@d%e&f {USER}$`"\\é'})})
    assert root.run("write").returncode == 0
    url = "db://app:a%2Fb%3Ac%40d%25e%26f%20%7BUSER%7D%24%60%22%5C%C3%A9@h:1/app?a=b%2Fc&d=/e"
    assert root.environment.read_text().splitlines()[2] == f'URL="{url}"'
    assert (root.folder / "asked").read_text() == "secretsmanager\n"


def test_fails_with_the_secret_that_a_url_lacks(root):
    root.list.write_text(COMPOSED)
    result = root.run("write")
    assert (result.returncode, result.stderr) == (1, "USER: the secret is no JSON object with a field user\n")
    assert not root.environment.exists()


def test_the_file_is_replaced_and_no_link_followed(root, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    root.secrets.mkdir()
    root.environment.symlink_to(victim)
    assert root.run("write").returncode == 0
    assert victim.read_text() == "mine"
    assert not root.environment.is_symlink()


def test_fails_with_the_reason_of_aws_and_leaves_what_was_there(root):
    root.run("write")
    before = root.environment.read_text()
    root.aws.write_text(AWS.format(folder=root.folder) + FAILURE.format())
    result = root.run("write")
    assert result.returncode != 0
    assert "KEY: ThrottlingException" in result.stderr
    assert root.environment.read_text() == before
    assert [path.name for path in root.secrets.iterdir()] == ["environment"]


@pytest.mark.parametrize("value", ["no JSON", '{"password": "word"}', '["pass"]', '"word"'])
def test_fails_with_the_variable_whose_secret_lacks_the_field_and_nothing_of_what_is_in_it(root, value):
    root.give("ssm", {"Parameter": {"Value": value}})
    failed = root.run("write")
    assert failed.returncode == 1
    assert failed.stderr == "LOGIN: the secret is no JSON object with a field pass\n"


@pytest.fixture
def served(root, tmp_path, monkeypatch):
    """As plumbline_secrets.socket does it; `refusals` connections are hung up on first."""
    address = str(tmp_path / "secrets.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    root.run("write")

    def serve(refusals):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                if refusals:
                    refusals -= 1
                else:
                    command = ["bash", root.script, "answer"]
                    subprocess.run(command, stdin=connection, stdout=connection, timeout=30)

    def start(refusals=0):
        threading.Thread(target=serve, args=(refusals,), daemon=True).start()

    monkeypatch.setattr(plumbline_secrets, "ADDRESS", address)
    yield start
    listener.close()


def test_the_application_s_user_is_told_one_as_it_is_now(root, served, capsys):
    served()
    root.give("secretsmanager", {"SecretString": "rotated\nin two lines"})
    plumbline_secrets.main("print", "KEY")
    assert capsys.readouterr().out == "rotated\nin two lines\n"
    assert "rotated" not in root.environment.read_text()


def test_several_are_told_at_once_without_those_that_are_none(root, served, capsys):
    root.aws.write_text(AWS.format(folder=root.folder).replace("{ cat", f"{{ echo $1 >>{root.folder}/asked; cat"))
    url, _, others = COMPOSED.partition("\n")
    root.list.write_text(f"{others}{url}\n")
    root.give("secretsmanager", {"SecretString": json.dumps({"user": 'a"b\\', "password": "in\ntwo lines"})})
    served()
    plumbline_secrets.main("json", "URL", "USER", "PASSWORD", "PATH", "*")
    assert json.loads(capsys.readouterr().out) == {
        "URL": "db://a%22b%5C:in%0Atwo%20lines@h:1/a%22b%5C?a=b%2Fc&d=/e",
        "USER": 'a"b\\',
        "PASSWORD": "in\ntwo lines",
    }
    assert (root.folder / "asked").read_text() == "secretsmanager\n"


def test_all_of_them_are_fetched_before_a_start(root, served, capsys):
    served()
    root.give("secretsmanager", {"SecretString": "rotated"})
    plumbline_secrets.main("write")
    assert 'KEY="rotated"' in root.environment.read_text()
    assert capsys.readouterr().out == ""


def test_who_is_hung_up_on_since_others_ask_asks_again(served, capsys):
    served(refusals=2)
    plumbline_secrets.main("print", "LOGIN")
    assert capsys.readouterr().out == "word\n"


@pytest.mark.parametrize("variable", ["PATH", "folder", "KEY secretsmanager", "$(id)", "*"])
def test_fails_for_what_is_no_secret_of_the_machine(served, variable):
    served()
    with pytest.raises(SystemExit) as failure:
        plumbline_secrets.main("print", variable)
    assert str(failure.value) == f"secrets: {variable} is no secret of this machine"


def test_fails_with_the_reason_of_aws_where_the_application_starts(root, served):
    served()
    root.aws.write_text(AWS.format(folder=root.folder) + FAILURE.format())
    with pytest.raises(SystemExit, match=r"^secrets: KEY: ThrottlingException$"):
        plumbline_secrets.main("write")


def test_fails_when_nobody_answers(monkeypatch, tmp_path):
    monkeypatch.setattr(plumbline_secrets, "ADDRESS", str(tmp_path / "nobody.sock"))
    monkeypatch.setattr(plumbline_secrets, "PATIENCE", 0)
    with pytest.raises(SystemExit, match=r"nobody\.sock: .*No such file"):
        plumbline_secrets.main("write")
