"""The application's own account in a database of RDS, made with an administrator's, in real servers over TLS."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pymysql
import pytest

PROGRAM = Path(__file__).parent.parent / "plumbline_account.py"
ADMINISTRATOR = {"username": "plumbline", "password": "of-the-administrator"}
SHOP = {"username": "shop", "password": 'it\'s "a" %s password'}
NOT_LET_IN = 3


@pytest.fixture
def server(database):
    """As RDS makes it: an administrator who is no superuser, and a database that is his."""
    if database.engine == "postgresql":
        database.admin(
            f"CREATE ROLE plumbline LOGIN CREATEDB CREATEROLE PASSWORD '{ADMINISTRATOR['password']}'",
            "CREATE DATABASE shop OWNER plumbline",
            "CREATE DATABASE other OWNER plumbline",
        )
        yield database
        database.admin("DROP DATABASE shop", "DROP DATABASE other", "DROP ROLE IF EXISTS shop", "DROP ROLE plumbline")
    else:
        database.admin(
            "CREATE DATABASE shop",
            "CREATE DATABASE other",
            f"CREATE USER plumbline@127.0.0.1 IDENTIFIED BY '{ADMINISTRATOR['password']}'",
            "GRANT ALL ON *.* TO plumbline@127.0.0.1 WITH GRANT OPTION",
        )
        yield database
        database.admin(
            *("DROP DATABASE shop", "DROP DATABASE other", "DROP USER IF EXISTS shop@'%'"),
            "DROP USER plumbline@127.0.0.1",
        )


def make(server, *accounts):
    answers = [json.dumps({"SecretString": json.dumps(account)}) for account in accounts]
    return subprocess.run(
        [sys.executable, "-I", PROGRAM, server.engine, "localhost", str(server.port), str(server.ca), "shop"],
        input="\n".join(answers) + "\n",
        capture_output=True,
        text=True,
    )


def made(server, *accounts):
    result = make(server, *accounts)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def connect(server, account, name="shop"):
    if server.engine == "postgresql":
        return psycopg.connect(
            host="localhost", port=server.port, dbname=name, user=account["username"], password=account["password"],
            sslmode="verify-full", sslrootcert=server.ca, autocommit=True,
        )  # fmt: skip
    return pymysql.connect(
        host="localhost", port=server.port, database=name, user=account["username"], password=account["password"],
        ssl_ca=str(server.ca), autocommit=True,
    )  # fmt: skip


def execute(server, account, statement, name="shop"):
    with connect(server, account, name) as connection, connection.cursor() as cursor:
        cursor.execute(statement)


REFUSED = (psycopg.errors.InsufficientPrivilege, pymysql.OperationalError)


def test_the_account_does_what_it_likes_in_its_database_and_nothing_else(server):
    assert made(server, SHOP, ADMINISTRATOR) == "made the account shop\n"
    for statement in ("CREATE TABLE entry (token int)", "ALTER TABLE entry ADD name text", "DROP TABLE entry"):
        execute(server, SHOP, statement)
    for statement in ("CREATE DATABASE mine", *NOT_ITS[server.engine]):
        with pytest.raises(REFUSED):
            execute(server, SHOP, statement)


NOT_ITS = {
    "postgresql": ["CREATE ROLE mine", "SELECT pg_read_file('postgresql.conf')", "SET ROLE plumbline"],
    "mysql": ["CREATE USER mine", "SELECT * FROM mysql.user", "SET GLOBAL max_connections = 1"],
}


def test_without_the_administrator_it_is_asked_for_him(server):
    result = make(server, SHOP)
    assert (result.returncode, result.stderr) == (NOT_LET_IN, "")
    assert result.stdout.startswith("shop is not let in yet: ")
    assert SHOP["password"] not in result.stdout


def test_an_account_that_is_let_in_is_left_as_it_is(server):
    made(server, SHOP, ADMINISTRATOR)
    assert made(server, SHOP) == ""


def test_an_account_with_another_password_gets_that_of_its_secret(server):
    made(server, SHOP, ADMINISTRATOR)
    changed = SHOP | {"password": "another"}
    assert make(server, changed).returncode == NOT_LET_IN
    made(server, changed, ADMINISTRATOR)
    execute(server, changed, "SELECT 1")


def test_machines_that_start_at_the_same_time_make_one_account(server):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: make(server, SHOP, ADMINISTRATOR), range(4)))
    assert [result.returncode for result in results] == [0] * 4, results
    execute(server, SHOP, "SELECT 1")


def test_fails_where_the_administrator_is_not_let_in_and_no_password_is_told(server):
    wrong = ADMINISTRATOR | {"password": "not-the-one"}
    result = make(server, SHOP, wrong)
    assert result.returncode == 1
    assert not any(password in result.stdout + result.stderr for password in ("not-the-one", SHOP["password"]))


def test_fails_where_the_certificate_is_another_s(server, tmp_path):
    certificate, key = tmp_path / "ca.crt", tmp_path / "key"
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other"]
    subprocess.run([*new, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    server.ca, own = certificate, server.ca
    result = make(server, SHOP, ADMINISTRATOR)
    server.ca = own
    assert result.returncode == 1
    assert "certificate verify failed" in result.stderr
