"""The rig's certificate authority, which the machines trust, and certificates for every AWS endpoint."""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

from .endpoints import TRUSTSTORE
from .instances import REGION
from .run import CACHE
from .shell import sh

# Made once for as long as they are made in the same way.
FOLDER = CACHE / "tls" / hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
NAMES = (
    *(f"*.{REGION}.amazonaws.com", f"*.s3.{REGION}.amazonaws.com", "*.s3.amazonaws.com", "*.amazonaws.com"),
    TRUSTSTORE,
)
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Certificates:
    authority: Path
    certificate: Path
    key: Path


# Machines may be made at the same time.
_making = threading.Lock()


def certificates(names: tuple[str, ...] = NAMES) -> Certificates:
    with _making:
        return _certificates(names)


def _certificates(names: tuple[str, ...]) -> Certificates:
    name = f"aws-{hashlib.sha256(' '.join(names).encode()).hexdigest()[:16]}"
    made = Certificates(FOLDER / "ca.crt", FOLDER / f"{name}.crt", FOLDER / f"{name}.key")
    if not made.certificate.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        if not made.authority.exists():
            _make_authority(made.authority)
        alternatives = "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)
        request = FOLDER / f"{name}.csr"
        subject = ["-subj", f"/CN={names[0]}", "-addext", alternatives]
        sh("openssl", "req", *NEW_KEY, "-keyout", str(made.key), "-out", str(request), *subject)
        signed_by = ["-CA", str(made.authority), "-CAkey", str(FOLDER / "ca.key"), "-copy_extensions", "copy"]
        sh("openssl", "x509", "-req", "-in", str(request), *signed_by, "-out", str(made.certificate), "-days", "3650")
    return made


def _make_authority(certificate: Path) -> None:
    files = ["-keyout", str(FOLDER / "ca.key"), "-out", str(certificate), "-days", "3650"]
    about = ["-subj", "/CN=plumbline rig", "-addext", "basicConstraints=critical,CA:TRUE"]
    # Python 3.13 asks for it.
    usage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    sh("openssl", "req", "-x509", *NEW_KEY, *files, *about, *usage)
