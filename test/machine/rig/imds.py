"""The instance metadata service, version 2 only: no token, no answer."""

import http.server
import json
import secrets
import time

from .instances import ACCOUNT, REGION, Instance, Instances


def metadata_handler(instances: Instances) -> type:
    tokens: dict[str, tuple[str, float]] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_arguments) -> None:
            """Quiet: the calls that matter are recorded by the AWS front."""

        def do_PUT(self) -> None:
            seconds = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
            if self.path != "/latest/api/token":
                return self.answer(404)
            if "X-Forwarded-For" in self.headers:
                return self.answer(403)
            if not seconds.isdigit() or not 1 <= int(seconds) <= 21600:
                return self.answer(400)
            token = secrets.token_urlsafe(40)
            tokens[token] = (self.client_address[0], time.monotonic() + int(seconds))
            self.answer(200, token, {"X-aws-ec2-metadata-token-ttl-seconds": seconds})
            return None

        def do_GET(self) -> None:
            holder, end = tokens.get(self.headers.get("X-aws-ec2-metadata-token", ""), ("", 0.0))
            if holder != self.client_address[0] or time.monotonic() > end:
                return self.answer(401)
            instance = instances.at(self.client_address[0])
            text = instance and self.document(instance, self.path.removeprefix("/latest/").rstrip("/"))
            self.answer(200, text) if text else self.answer(404)
            return None

        def document(self, instance: Instance, path: str) -> str | bytes | None:
            role = "meta-data/iam/security-credentials"
            if path == f"{role}/{instance.role}":
                credentials = instances.credentials(instance)
                return json.dumps(
                    {
                        "Code": "Success",
                        "Type": "AWS-HMAC",
                        "AccessKeyId": credentials.key_id,
                        "SecretAccessKey": credentials.secret,
                        "Token": credentials.token,
                        "Expiration": credentials.expiration,
                    },
                    indent=2,
                )
            zone = instance.description["Placement"]["AvailabilityZone"]
            identity = {
                "accountId": ACCOUNT,
                "availabilityZone": zone,
                "imageId": instance.description["ImageId"],
                "instanceId": instance.id,
                "instanceType": instance.type,
                "privateIp": instance.address,
                "region": REGION,
            }
            return {
                "user-data": instance.user_data,
                "dynamic/instance-identity/document": json.dumps(identity, indent=2),
                "meta-data/ami-id": identity["imageId"],
                "meta-data/instance-id": instance.id,
                "meta-data/instance-type": instance.type,
                "meta-data/local-hostname": f"{instance.hostname}.ec2.internal",
                "meta-data/local-ipv4": instance.address,
                "meta-data/placement/availability-zone": zone,
                "meta-data/placement/region": REGION,
                "meta-data/services/domain": "amazonaws.com",
                role: instance.role,
            }.get(path)

        def answer(self, status: int, body: str | bytes = "", headers: dict[str, str] | None = None) -> None:
            data = body.encode() if isinstance(body, str) else body
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler
