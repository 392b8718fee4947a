"""A replication group of ElastiCache: Valkey itself, with the parameters of the template's group and its AUTH token."""

import shlex
from pathlib import Path
from typing import Any

from . import endpoints
from .instances import client
from .managed_server import ManagedServer
from .network import CACHE, Network

PORT = 6379
VALKEY = """\
install -d -o valkey /data
chown valkey /tls/server.*
exec setpriv --reuid valkey --regid valkey --init-groups valkey-server --port 0 --tls-port {port} --bind 0.0.0.0 \\
  --tls-cert-file /tls/server.crt --tls-key-file /tls/server.key --tls-auth-clients no --dir /data --save '' \\
  --requirepass {token} {parameters}
"""


class ManagedCache:
    """Starts when it is made."""

    def __init__(self, network: Network, folder: Path, template: dict[str, Any], stack: str):
        of_type = lambda kind: _properties(template, f"AWS::ElastiCache::{kind}")  # noqa: E731
        group, parameters = of_type("ReplicationGroup"), of_type("ParameterGroup")["Properties"]
        assert group["TransitEncryptionEnabled"]
        with network.inside():
            token = _resolve(group["AuthToken"], stack)
        self._script = VALKEY.format(
            port=PORT, token=token, parameters=" ".join(f"--{n} {shlex.quote(v)}" for n, v in parameters.items())
        )
        self._token = token
        self._server = ManagedServer(network, folder, "cache", CACHE, endpoints.CACHE, PORT)
        self._server.start(self._script)

    def ask(self, *arguments: str) -> str:
        connect = f"REDISCLI_AUTH={self._token} valkey-cli --no-auth-warning --tls --insecure"
        return self._server.run(f"{connect} {shlex.join(arguments)}")

    def restart(self) -> None:
        """As a node that is replaced: it comes back empty."""
        self._server.kill()
        self._server.start(self._script)

    def remove(self) -> None:
        self._server.remove()


def _properties(template: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(r["Properties"] for r in template["Resources"].values() if r["Type"] == kind)


def _resolve(reference: dict[str, Any], stack: str) -> str:
    """What CloudFormation makes of `{{resolve:secretsmanager:<a secret of the stack>...}}`."""
    logical_id = next(part["Ref"] for part in reference["Fn::Join"][1] if isinstance(part, dict))
    found = client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
    arn = found["StackResourceDetail"]["PhysicalResourceId"]
    return client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
