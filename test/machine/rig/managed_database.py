"""A database instance of RDS: the engine itself, with the parameters of the template's group, behind its endpoint.

TLS is by the rig's authority, name and password of the administrator are those of the generated secret. He is no
superuser, as in RDS. What RDS takes and the engine does not know is played here: `rds.force_ssl` by an access rule.
"""

import json
import secrets
from pathlib import Path
from typing import Any

from . import endpoints
from .instances import client
from .managed_server import ManagedServer
from .network import DATABASE, Network

POSTGRESQL = """\
bin=/usr/lib/postgresql/17/bin
install -d -o postgres /data
as() {{ setpriv --reuid postgres --regid postgres --init-groups "$@"; }}
as $bin/initdb -D /data --no-sync --encoding UTF8 --locale C.UTF-8 >/dev/null
printf '%s\\n' 'local all all trust' 'hostssl all all all scram-sha-256' >/data/pg_hba.conf
as $bin/postgres --single -j -D /data postgres <<'EOF' >/dev/null
CREATE ROLE {username} LOGIN CREATEDB CREATEROLE PASSWORD '{password}';

CREATE DATABASE app OWNER {username};
EOF
cp /tls/* /data
chown postgres /data/server.*
exec setpriv --reuid postgres --regid postgres --init-groups $bin/postgres -D /data -c listen_addresses='*' \\
  -c unix_socket_directories=/tmp -c ssl=on -c ssl_cert_file=server.crt -c ssl_key_file=server.key {parameters}
"""
MARIADB = """\
install -d -o mysql /data /run/mysqld
mariadb-install-db --user=mysql --datadir=/data >/dev/null
cat >/tmp/init.sql <<'EOF'
CREATE DATABASE app CHARACTER SET utf8mb4;
CREATE USER {username}@'%' IDENTIFIED BY '{password}';
GRANT ALL ON app.* TO {username}@'%' WITH GRANT OPTION;
GRANT CREATE USER ON *.* TO {username}@'%';
EOF
chown mysql /tls/server.*
exec mariadbd --user=mysql --datadir=/data --init-file=/tmp/init.sql --skip-log-bin --bind-address=0.0.0.0 \\
  --ssl-cert=/tls/server.crt --ssl-key=/tls/server.key {parameters}
"""


class ManagedDatabase:
    """Starts when it is made."""

    def __init__(self, network: Network, folder: Path, template: dict[str, Any]):
        of_type = lambda kind: [r for r in template["Resources"].values() if r["Type"] == f"AWS::RDS::{kind}"]  # noqa: E731
        self.engine = of_type("DBInstance")[0]["Properties"]["Engine"]
        parameters = of_type("DBParameterGroup")[0]["Properties"]["Parameters"]
        with network.inside():
            self._secrets = client("secretsmanager")
            listed = self._secrets.list_secrets()["SecretList"]
            found = {s["ARN"]: self._secrets.get_secret_value(SecretId=s["ARN"])["SecretString"] for s in listed}
        accounts = {account["username"]: arn for arn, account in map(_account, found.items()) if account}
        self._secret = accounts.pop("app")
        ((administrator, master_secret),) = accounts.items()
        self._network = network
        postgres = self.engine == "postgres"
        port, script = (5432, POSTGRESQL) if postgres else (3306, MARIADB)
        given = _postgresql(parameters) if postgres else _mariadb(parameters)
        self._server = ManagedServer(network, folder, "db", DATABASE, endpoints.DATABASE, port)
        password = json.loads(found[master_secret])["password"]
        self._server.start(script.format(username=administrator, password=password, parameters=given))

    def ask(self, sql: str) -> str:
        """As its administrator."""
        postgres = "setpriv --reuid postgres --regid postgres --init-groups psql -qAtX -h /tmp -d app -c"
        command = postgres if self.engine == "postgres" else "mariadb -NB -e"
        return self._server.run(f'{command} "{sql}"')

    def end_backends(self) -> None:
        if self.engine == "postgres":
            self.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
            return
        for connection in self.ask("SELECT id FROM information_schema.processlist WHERE user = 'app'").split():
            self.ask(f"KILL {connection}")

    def rotate(self) -> None:
        """As rotation does it: the database's user has another password, then the secret says which."""
        password = secrets.token_hex(16)
        self.ask(
            f"ALTER ROLE app PASSWORD '{password}'"
            if self.engine == "postgres"
            else f"ALTER USER app@'%' IDENTIFIED BY '{password}'"
        )
        with self._network.inside():
            value = json.loads(self._secrets.get_secret_value(SecretId=self._secret)["SecretString"])
            changed = json.dumps(value | {"password": password})
            self._secrets.put_secret_value(SecretId=self._secret, SecretString=changed)

    def remove(self) -> None:
        self._server.remove()


def _account(secret: tuple[str, str]) -> tuple[str, dict[str, str]]:
    """Name and password, where it is the secret of an account."""
    arn, text = secret
    return arn, json.loads(text) if '"username"' in text else {}


def _postgresql(parameters: dict[str, str]) -> str:
    known = {name: value for name, value in parameters.items() if not name.startswith("rds.")}
    return " ".join(f"-c {name}='{value}'" for name, value in known.items())


def _mariadb(parameters: dict[str, str]) -> str:
    # a server outside of RDS has no names of time zones
    zone = {"time_zone": ("default_time_zone", "+00:00")}
    given = (zone.get(name, (name, value)) for name, value in parameters.items())
    return " ".join(f"--{name}='{value}'" for name, value in given)
