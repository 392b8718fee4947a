"""Real database servers, each on a UNIX socket and with TLS on localhost, in a folder of its own."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pymysql

PASSWORD = "of-the-tests"
PROGRAMS = f"{os.environ['PATH']}:/usr/sbin:{':'.join(map(str, Path('/usr/lib/postgresql').glob('*/bin')))}"


class DatabaseServer:
    engine: str
    stop_signal: signal.Signals

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.engine}-"))
        self.port = free_port()
        # PostgreSQL refuses to run as root
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self.ca = self.folder / "server.crt"
        self.key = self.folder / "server.key"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost", "-out", self.ca, "-keyout", self.key)  # fmt: skip
        self.own(self.folder, self.ca, self.key)
        self.folder.chmod(0o755)
        self.key.chmod(0o600)
        self.process = None
        self.create()
        self.start()
        self.prepare()

    def own(self, *paths):
        for path in paths:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def as_user(self):
        """What subprocess needs to run a program as the servers' user, and apart from other servers."""
        user = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        return {**user, "cwd": self.folder, "env": {**os.environ, "TMPDIR": str(self.folder)}}

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, **self.as_user())
        end = time.monotonic() + 30
        while True:
            try:
                return self.admin("SELECT 1")
            except (psycopg.OperationalError, pymysql.OperationalError):
                assert self.process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < end, "the server does not answer"
                time.sleep(0.05)

    def stop(self):
        self.process.send_signal(self.stop_signal)
        self.process.wait()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)

    def environment(self, transport):
        """As the machine gives it to the application."""
        common = {
            "PLUMBLINE_DATABASE_ENGINE": self.engine,
            "PLUMBLINE_DATABASE_NAME": "app",
            "PLUMBLINE_DATABASE_USER": "app",
        }
        if transport == "socket":
            return {**common, **self.socket()}
        return {
            **common,
            "PLUMBLINE_DATABASE_HOST": "localhost",
            "PLUMBLINE_DATABASE_PORT": str(self.port),
            "PLUMBLINE_DATABASE_CA": str(self.ca),
            "PLUMBLINE_DATABASE_PASSWORD": PASSWORD,
        }


class MariaDb(DatabaseServer):
    engine = "mysql"
    stop_signal = signal.SIGTERM

    def create(self):
        run("mariadb-install-db", "--no-defaults", f"--datadir={self.folder}/data", "--skip-test-db",
            "--auth-root-authentication-method=normal", **self.as_user())  # fmt: skip

    def command(self):
        return [
            shutil.which("mariadbd", path=PROGRAMS),
            "--no-defaults",
            f"--datadir={self.folder}/data",
            f"--socket={self.folder}/mysqld.sock",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",  # so that a client over TCP is 127.0.0.1, and one over the socket is localhost
            f"--ssl-cert={self.ca}",
            f"--ssl-key={self.key}",
            "--max-connections=300",
            "--innodb-flush-log-at-trx-commit=0",
        ]

    def prepare(self):
        self.admin(
            "CREATE DATABASE app",
            "CREATE USER app@localhost",
            "GRANT ALL ON app.* TO app@localhost",
            f"CREATE USER app@127.0.0.1 IDENTIFIED BY '{PASSWORD}' REQUIRE SSL",
            "GRANT ALL ON app.* TO app@127.0.0.1",
        )

    def admin(self, *statements):
        connection = pymysql.connect(unix_socket=f"{self.folder}/mysqld.sock", user="root", autocommit=True)
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    def socket(self):
        return {"PLUMBLINE_DATABASE_HOST": f"{self.folder}/mysqld.sock"}

    def sessions(self):
        return {row[0] for row in self.admin("SELECT id FROM information_schema.processlist WHERE user = 'app'")}

    def end_sessions(self):
        self.admin("KILL CONNECTION USER app")

    @contextlib.contextmanager
    def statement_timeout(self, seconds):
        self.admin(f"ALTER USER app@localhost WITH MAX_STATEMENT_TIME {seconds}")
        try:
            yield
        finally:
            self.admin("ALTER USER app@localhost WITH MAX_STATEMENT_TIME 0")

    def change_password(self, password):
        self.admin(f"ALTER USER app@127.0.0.1 IDENTIFIED BY '{password}'")


class PostgreSql(DatabaseServer):
    engine = "postgresql"
    stop_signal = signal.SIGINT

    def create(self):
        run("initdb", "-D", self.folder / "data", "-U", "root", "--no-sync", "--locale=C", "-E", "UTF8",
            "--auth-local=trust", "--auth-host=scram-sha-256", **self.as_user())  # fmt: skip

    def command(self):
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "ssl": "on",
            "ssl_cert_file": self.ca,
            "ssl_key_file": self.key,
            "max_connections": 300,
            "fsync": "off",
            "timezone": "UTC",
        }
        options = [f"-c{name}={value}" for name, value in settings.items()]
        return [shutil.which("postgres", path=PROGRAMS), "-D", self.folder / "data", *options]

    def prepare(self):
        self.admin(f"CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'", "CREATE DATABASE app OWNER app")

    def admin(self, *statements):
        where = {"host": str(self.folder), "port": self.port, "user": "root", "dbname": "postgres"}
        with psycopg.connect(**where, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def socket(self):
        return {"PLUMBLINE_DATABASE_HOST": str(self.folder), "PLUMBLINE_DATABASE_PORT": str(self.port)}

    def sessions(self):
        return {row[0] for row in self.admin("SELECT pid FROM pg_stat_activity WHERE usename = 'app'")}

    def end_sessions(self):
        self.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")

    @contextlib.contextmanager
    def statement_timeout(self, seconds):
        self.admin(f"ALTER ROLE app SET statement_timeout = '{seconds}s'")
        try:
            yield
        finally:
            self.admin("ALTER ROLE app RESET statement_timeout")

    def change_password(self, password):
        self.admin(f"ALTER ROLE app PASSWORD '{password}'")


def run(program, *arguments, **options):
    command = [shutil.which(program, path=PROGRAMS), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, **options)
    assert result.returncode == 0, f"{program}: {result.stdout}{result.stderr}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


SERVERS = {"mysql": MariaDb, "postgresql": PostgreSql}
