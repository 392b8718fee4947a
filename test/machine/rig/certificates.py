"""The rig's certificate authority, which the machines trust, and one certificate for every AWS endpoint."""

from dataclasses import dataclass
from pathlib import Path

from .instances import REGION
from .run import CACHE
from .shell import sh

NAMES = [f"*.{REGION}.amazonaws.com", f"*.s3.{REGION}.amazonaws.com", "*.amazonaws.com"]


@dataclass(frozen=True)
class Certificates:
    authority: Path
    certificate: Path
    key: Path


def certificates() -> Certificates:
    folder = CACHE / "tls"
    made = Certificates(folder / "ca.crt", folder / "aws.crt", folder / "aws.key")
    if not made.certificate.exists():
        folder.mkdir(parents=True, exist_ok=True)
        ca_key, request = folder / "ca.key", folder / "aws.csr"
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        sh(
            "openssl",
            "req",
            "-x509",
            *new_key,
            "-keyout",
            str(ca_key),
            "-out",
            str(made.authority),
            "-days",
            "3650",
            "-subj",
            "/CN=plumbline rig",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
        )
        sh(
            "openssl",
            "req",
            *new_key,
            "-keyout",
            str(made.key),
            "-out",
            str(request),
            "-subj",
            f"/CN={NAMES[0]}",
            "-addext",
            "subjectAltName=" + ",".join(f"DNS:{name}" for name in NAMES),
        )
        sh(
            "openssl",
            "x509",
            "-req",
            "-in",
            str(request),
            "-CA",
            str(made.authority),
            "-CAkey",
            str(ca_key),
            "-out",
            str(made.certificate),
            "-days",
            "3650",
            "-copy_extensions",
            "copy",
        )
    return made
