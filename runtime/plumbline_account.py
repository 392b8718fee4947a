"""The application's own account in a database of RDS: it owns the application's database and may do nothing else on the
server, where the administrator's may do everything.

    plumbline_account.py <engine> <host> <port> <certificates> <database>

On standard input are answers of GetSecretValue, a line each: that of the account, then that of the administrator. Ends
with 3 when the server does not let the account in and there is no administrator to make it. One that is let in is
left as it is: its password may have been rotated by somebody else.
"""

import contextlib
import json
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "account"  # the drivers
TIMEOUT = 10  # seconds to connect
LOCK = 0x706C756D62  # machines that start at the same time make it one after the other
NOT_LET_IN = 3


class Postgresql:
    def __init__(self, server):
        import psycopg

        self.driver = psycopg
        self.server = server

    def connect(self, account):
        host, port, certificates, database = self.server
        return self.driver.connect(
            host=host, port=port, dbname=database, user=account["username"], password=account["password"],
            sslmode="verify-full", sslrootcert=certificates, connect_timeout=TIMEOUT, autocommit=True,
        )  # fmt: skip

    def make(self, administrator, account):
        from psycopg import sql

        with self.connect(administrator) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [account["username"]]).fetchone()
            verb = sql.SQL("CREATE" if known is None else "ALTER")
            name, database = sql.Identifier(account["username"]), sql.Identifier(self.server[-1])
            # as the server keeps it: a password in a statement can end in a log
            password = connection.pgconn.encrypt_password(
                account["password"].encode(), account["username"].encode(), b"scram-sha-256"
            )
            connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, name, password.decode()))
            # who gives a database away must be a member of who gets it
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
            connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, name))


class Mysql:
    def __init__(self, server):
        import pymysql

        self.driver = pymysql
        self.server = server

    def connect(self, account):
        host, port, certificates, _ = self.server
        return self.driver.connect(
            host=host, port=int(port), user=account["username"], password=account["password"], connect_timeout=TIMEOUT,
            ssl_ca=certificates, ssl_verify_cert=True, ssl_verify_identity=True, autocommit=True,
        )  # fmt: skip

    def make(self, administrator, account):
        name, password = account["username"], account["password"]
        with contextlib.closing(self.connect(administrator)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT GET_LOCK('plumbline_account', 60)")
            cursor.execute("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", (name, password))
            cursor.execute("ALTER USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL", (name, password))
            cursor.execute(f"GRANT ALL PRIVILEGES ON `{self.server[-1]}`.* TO %s@'%%'", (name,))


def main(engine, *server):
    sys.path.insert(0, str(FOLDER))
    account, *administrator = (json.loads(json.loads(line)["SecretString"]) for line in sys.stdin)
    database = (Postgresql if engine == "postgresql" else Mysql)(server)
    if administrator:
        database.make(*administrator, account)
        print(f"made the account {account['username']}")
    try:
        database.connect(account).close()
    except database.driver.OperationalError as error:
        if administrator:
            raise SystemExit(f"{account['username']} is not let in: {error}") from None
        print(f"{account['username']} is not let in yet: {error}")
        raise SystemExit(NOT_LET_IN) from None


if __name__ == "__main__":
    main(*sys.argv[1:])
