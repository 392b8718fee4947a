"""Is a request signed as AWS demands? Recomputed with botocore, after AWS' own normalization of path and query."""

import calendar
import hashlib
import re
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from .instances import REGION, Credentials

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class Refused(Exception):
    """What AWS would say: an error code and a message."""

    def __init__(self, code: str, message: str):
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


def parse(headers: Mapping[str, str]) -> re.Match:
    match = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if not match:
        raise Refused("MissingAuthenticationToken", "no Authorization header of signature version 4")
    return match


def verify(
    method: str, host: str, target: str, headers: Mapping[str, str], body: bytes, credentials: Credentials
) -> None:
    """Raise Refused unless AWS would take the signature. Header names are in lower case."""
    authorization = parse(headers)
    service, signed = authorization["service"], authorization["headers"].split(";")
    if authorization["region"] != REGION:
        raise Refused("SignatureDoesNotMatch", f"signed for region {authorization['region']}")
    if headers.get("x-amz-security-token") != credentials.token:
        raise Refused("InvalidClientTokenId", "the session token is missing or another's")
    date = headers.get("x-amz-date", "")
    try:
        age = abs(time.time() - calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ")))
    except ValueError:
        raise Refused("IncompleteSignature", f"x-amz-date is {date!r}") from None
    if age > 300:
        raise Refused("RequestExpired", f"x-amz-date is {date}")
    must_be_signed = {"host"} | {name for name in headers if name.startswith("x-amz-")}
    if missing := must_be_signed - set(signed):
        raise Refused("SignatureDoesNotMatch", f"not signed: {', '.join(sorted(missing))}")
    if service == "s3":
        digest = headers.get("x-amz-content-sha256")
        if digest not in ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", hashlib.sha256(body).hexdigest()):
            raise Refused("XAmzContentSHA256Mismatch", f"x-amz-content-sha256 is {digest}")

    request = AWSRequest(
        method=method,
        url=f"https://{host}{_normalized(target, service)}",
        data=body,
        headers={name: headers[name] for name in signed},
    )
    request.context["timestamp"] = date
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    auth = signer(BotoCredentials(credentials.key_id, credentials.secret, credentials.token), service, REGION)
    canonical = auth.canonical_request(request)
    if auth.signature(auth.string_to_sign(request, canonical), request) != authorization["signature"]:
        raise Refused("SignatureDoesNotMatch", f"the canonical request is\n{canonical}")


def _normalized(target: str, service: str) -> str:
    path, _, query = target.partition("?")
    if service == "s3":
        path = quote(unquote(path), safe="/-_.~")
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(query, keep_blank_values=True))
    return path + ("?" + "&".join(f"{k}={v}" for k, v in pairs) if pairs else "")
