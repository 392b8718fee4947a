"""The database's password changes while the service works."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from database_servers import PASSWORD
from tokens import send_tokens

import plumbline_password


@pytest.fixture(params=["sync", "gthread", "gevent"])
def worker_class(request):
    return request.param


CONF = """
def post_worker_init(worker):
    plumbline_guard.post_worker_init(worker)
    import plumbline_password  # not sooner than the application does: gevent's workers patch in between

    plumbline_password.COMMAND = {command}
"""


class Secret:
    """Stands for the secret in AWS: a file, and a list of who asked for it."""

    def __init__(self, folder):
        self.value = folder / "secret"
        self.user = folder / "user"
        self.user.touch()
        self.reads = folder / "reads"
        self.write(PASSWORD)
        # there is something in the file for a user where the secret has one
        pair = f'"$(printf \'{{"%s":"%s","%s":"%s"}}\' "$0" "$(cat {self.user})" "$1" "$(cat {self.value})")"'
        self.command = ["sh", "-c", f"echo read >>{self.reads}; echo {pair}"]
        self.conf = CONF.format(command=self.command)

    def write(self, password):
        self.value.write_text(f"{password}\n")

    def count(self):
        return len(self.reads.read_text().splitlines()) if self.reads.exists() else 0


@pytest.fixture
def secret(tmp_path):
    return Secret(tmp_path)


@pytest.fixture
def rotated(database):
    """Gives the server another password, and the first one back in the end."""
    yield lambda: database.change_password("another")
    database.change_password(PASSWORD)
    database.end_sessions()


def test_requests_go_on_with_the_new_password(sample_server, database, worker_class, secret, rotated):
    """Each opens a connection of its own. As in a rotation by Secrets Manager, the server has it before the secret."""
    environment = {"PLUMBLINE_DATABASE_CONN_MAX_AGE": "0", "PLUMBLINE_DATABASE_POOL_SIZE": ""}
    server = sample_server(worker_class, database, "tls", more=secret.conf, env=environment, workers=2)
    assert send_tokens(server, 20).errors == 0
    assert secret.count() == 0
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(send_tokens, server, 100)
        rotated()
        time.sleep(0.5)
        secret.write("another")
        result = load.result()
    assert (result.foreign, result.errors) == (0, 0)
    assert send_tokens(server, 20).errors == 0
    assert 2 <= secret.count() <= 8  # by process, not by request


@pytest.mark.parametrize("worker_class", ["gthread", "gevent"])
def test_kept_connections_go_on_and_are_replaced_with_the_new_password(
    sample_server, database, worker_class, secret, rotated
):
    """Those of threads and, with PostgreSQL under gevent, of a pool."""
    server = sample_server(worker_class, database, "tls", more=secret.conf, env={})
    assert send_tokens(server, 20).errors == 0
    rotated()
    secret.write("another")
    assert send_tokens(server, 20).errors == 0
    database.end_sessions()
    assert send_tokens(server, 20).errors == 0
    assert secret.count() == 1


class Refused(Exception):
    pass


@pytest.fixture
def password(monkeypatch, tmp_path):
    monkeypatch.setattr(plumbline_password.fetched, "account", {})
    monkeypatch.setattr(plumbline_password.fetched, "in_vain_at", float("-inf"))
    monkeypatch.setattr(plumbline_password, "WAITS", (0, 0.1))
    secret = Secret(tmp_path)
    monkeypatch.setattr(plumbline_password, "COMMAND", secret.command)
    return secret


def connect(accepted):
    def call(parameters):
        if parameters["password"] != accepted:
            raise Refused(parameters["password"])
        return parameters

    def connection():
        return plumbline_password.connect_with_current(
            call, {"user": "app", "password": PASSWORD}, lambda error: isinstance(error, Refused)
        )

    return connection


def test_the_new_password_is_fetched_once(password):
    password.write("another")
    connection = connect("another")
    assert connection() == connection() == {"user": "app", "password": "another"}
    assert password.count() == 1


def test_a_password_that_is_rotated_again_is_fetched_again_at_once(password):
    password.write("another")
    assert connect("another")()["password"] == "another"
    password.write("a third")
    assert connect("a third")()["password"] == "a third"
    assert password.count() == 2


def test_another_user_comes_with_the_new_password(password):
    password.write("another")
    password.user.write_text("app_clone\n")
    assert connect("another")() == {"user": "app_clone", "password": "another"}


def test_fails_with_the_server_s_own_error_when_the_secret_has_no_other_password(password):
    for _ in range(3):
        with pytest.raises(Refused, match=PASSWORD):
            connect("unknown")()
    assert password.count() == 2  # then not for a while


def test_fails_with_the_server_s_own_error_when_the_secret_cannot_be_read(password):
    password.value.unlink()
    with pytest.raises(Refused, match=PASSWORD):
        connect("another")()


def test_fails_with_any_other_error_at_once(password):
    def call(parameters):
        raise ValueError("another error")

    with pytest.raises(ValueError, match="another error"):
        plumbline_password.connect_with_current(call, {"user": "app", "password": PASSWORD}, lambda error: False)
    assert password.count() == 0


class TestBehindPgBouncer:
    """It fetches the account itself, and refuses its clients until it has."""

    @pytest.fixture(autouse=True)
    def _at_once(self, monkeypatch):
        monkeypatch.setattr(plumbline_password, "WAITS", (0, 0, 0))

    def connect(self, refusals):
        left = iter(refusals)

        def connect(parameters):
            if error := next(left, None):
                raise error
            return parameters

        return plumbline_password.connect_when_let_in(connect, "parameters", lambda e: isinstance(e, PermissionError))

    def test_a_connection_is_tried_until_it_is_let_in(self):
        assert self.connect([PermissionError(), PermissionError()]) == "parameters"

    def test_fails_with_the_refusal_that_does_not_end(self):
        with pytest.raises(PermissionError, match="third"):
            self.connect([PermissionError(), PermissionError(), PermissionError("third"), PermissionError("fourth")])

    def test_fails_at_once_with_what_is_no_refusal(self):
        with pytest.raises(OSError, match="no such host"):
            self.connect([OSError("no such host")])
