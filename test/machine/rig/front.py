"""The AWS endpoints as a machine sees them.

Each call is verified, held against the template's own policies, recorded, passed on. SignalResource, which moto lacks,
is answered here.
"""

import http.client
import http.server
import json
import ssl
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Condition
from urllib.parse import parse_qs, unquote

from moto.iam.access_control import IAMPolicy, PermissionResult

from . import agent
from .endpoints import TRUSTSTORE
from .instances import ACCOUNT, MOTO_PORT, REGION, Instance, Instances, as_list, client
from .signatures import Refused, parse, verify

HOP_BY_HOP = ("content-length", "expect", "transfer-encoding")


@dataclass
class Call:
    """One call of a machine to AWS. `refused` says why it was not let through; `status` is what the machine got."""

    instance: str
    service: str
    action: str
    resources: list[str] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    status: int = 0
    refused: str | None = None


@dataclass(frozen=True)
class Signal:
    status: str
    unique_id: str
    resource: str
    stack: str


class Record:
    """Every call, in order; also a file of JSON lines, so that a dead run can be read."""

    def __init__(self, file: Path):
        self.calls: list[Call] = []
        self.complete: set[str] = set()
        """Logical ids of the resources that no longer take a signal."""
        self._file = file
        self.changed = Condition()

    def add(self, call: Call) -> None:
        with self.changed:
            self.calls.append(call)
            with self._file.open("a") as lines:
                lines.write(json.dumps(asdict(call)) + "\n")
            self.changed.notify_all()

    @property
    def signals(self) -> list[Signal]:
        return [
            Signal(p["Status"], p["UniqueId"], p["LogicalResourceId"], p["StackName"])
            for p in (c.parameters for c in self.calls if c.action == "SignalResource" and c.status == 200)
        ]


def front_handler(instances: Instances, record: Record, authority: bytes) -> type:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def log_message(self, *_arguments) -> None:
            """Quiet: the record says more."""

        def handle_call(self) -> None:
            body = self.read_body()
            headers = {name.lower(): value for name, value in self.headers.items()}
            if headers.get("host") == TRUSTSTORE:
                return self.answer(200, {"Content-Type": "application/x-pem-file"}, authority)
            if self.path.startswith(agent.PATH):
                return self.answer(200, {"Content-Type": "application/vnd.debian.binary-package"}, agent.package())
            call = Call(instance="", service="", action="")
            try:
                scope = parse(headers)
                issued = instances.issued(scope["key"])
                if not issued or issued[0].address != self.client_address[0]:
                    raise Refused("InvalidClientTokenId", f"key {scope['key']} was not issued to this machine")
                instance, credentials = issued
                call.instance, call.service = instance.id, scope["service"]
                call.action, call.resources, call.parameters = understand(
                    scope["service"], self.command, headers["host"], self.path, headers, body
                )
                verify(self.command, headers["host"], self.path, headers, body, credentials)
                demand_permission(instance, call)
            except Refused as refused:
                call.status, call.refused = 403, str(refused)
                record.add(call)
                return self.answer(403, *error(call.service, refused))
            if call.action == "SignalResource":
                return self.take_signal(call)
            status, answer_headers, answer = self.pass_on(body)
            call.status = status
            record.add(call)
            self.answer(status, answer_headers, answer)
            return None

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_call

        def read_body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            # boto3 sends what it uploads so
            parts = []
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def take_signal(self, call: Call) -> None:
            late = call.parameters["LogicalResourceId"] in record.complete
            call.status = 200 if 1 <= len(call.parameters["UniqueId"]) <= 64 and not late else 400
            record.add(call)
            answer = "<SignalResourceResponse/>"
            if call.status != 200:
                answer = "<ErrorResponse><Error><Code>ValidationError</Code></Error></ErrorResponse>"
            self.answer(call.status, {"Content-Type": "text/xml"}, answer.encode())

        def pass_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            # The Host header stays as it is: moto finds the service, and S3 the bucket, by it.
            moto = http.client.HTTPConnection("127.0.0.1", MOTO_PORT, timeout=30)
            headers = {n: v for n, v in self.headers.items() if n.lower() not in HOP_BY_HOP}
            moto.request(self.command, self.path, body, headers | {"Content-Length": str(len(body))})
            response = moto.getresponse()
            data = response.read()
            kept = {
                n: v
                for n, v in response.getheaders()
                if n.lower() not in ("content-length", "connection", "date", "server", "transfer-encoding")
            }
            return response.status, kept, data

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    return Handler


def understand(
    service: str, method: str, host: str, target: str, headers: dict[str, str], body: bytes
) -> tuple[str, list[str], dict[str, str]]:
    """The action, the resources it touches as ARNs, and its parameters."""
    path, _, query = target.partition("?")
    if service == "s3":
        bucket, _, _rest = host.partition(".")
        key = unquote(path.lstrip("/"))
        if bucket == "s3":
            bucket, _, key = key.partition("/")
        if not key and method == "GET":
            return "ListBucket", [f"arn:aws:s3:::{bucket}"], {"Bucket": bucket}
        action = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}[method]
        return action, [f"arn:aws:s3:::{bucket}/{key}"], {"Bucket": bucket, "Key": key}
    if action := headers.get("x-amz-target", "").rpartition(".")[2]:
        parameters = json.loads(body or b"{}")
        return action, _resources(service, parameters), parameters
    form = {name: values[0] for name, values in parse_qs(body.decode() or query).items()}
    return form.get("Action", "?"), _resources(service, form), form


def _resources(service: str, parameters: dict) -> list[str]:
    if service == "cloudformation":
        return [client("cloudformation").describe_stacks(StackName=parameters["StackName"])["Stacks"][0]["StackId"]]
    if service == "secretsmanager" and "SecretId" in parameters:
        return [client("secretsmanager").describe_secret(SecretId=parameters["SecretId"])["ARN"]]
    if service == "ssm":
        names = as_list(parameters.get("Names") or parameters.get("Name") or [])
        return [f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{name.lstrip('/')}" for name in names]
    return ["*"]


def demand_permission(instance: Instance, call: Call) -> None:
    action = f"{call.service}:{call.action}"
    policies = [IAMPolicy({"policy_document": json.dumps(document)}) for document in instance.policies()]
    for resource in call.resources or ["*"]:
        results = {policy.is_action_permitted(action, resource) for policy in policies}
        if PermissionResult.DENIED in results or PermissionResult.PERMITTED not in results:
            raise Refused("AccessDenied", f"{instance.role} is not authorized to perform {action} on {resource}")


def error(service: str, refused: Refused) -> tuple[dict[str, str], bytes]:
    if service in ("secretsmanager", "ssm", "logs"):
        text = json.dumps({"__type": f"{refused.code}Exception", "Message": refused.message})
        return {"Content-Type": "application/x-amz-json-1.1"}, text.encode()
    text = f"<Error><Code>{refused.code}</Code><Message>{refused.message}</Message></Error>"
    return {"Content-Type": "application/xml"}, text.encode()


def server_tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
