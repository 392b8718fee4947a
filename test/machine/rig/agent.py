"""The SSM agent as AWS publishes it for Debian: a package whose unit waits."""

import functools
import tempfile
from pathlib import Path

from .shell import sh

# Where each region has it, without a signature of whoever asks.
PATH = "/amazon-ssm-"

CONTROL = """\
Package: amazon-ssm-agent
Version: 3.3.0.0-1
Architecture: all
Maintainer: The rig <rig@example.com>
Description: Waits
"""
UNIT = """\
[Service]
ExecStart=/usr/bin/sleep infinity
[Install]
WantedBy=multi-user.target
"""


@functools.cache
def package() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "agent"
        for path, text in {"DEBIAN/control": CONTROL, "usr/lib/systemd/system/amazon-ssm-agent.service": UNIT}.items():
            (root / path).parent.mkdir(parents=True)
            (root / path).write_text(text)
        root.chmod(0o755)
        sh("dpkg-deb", "--build", "--root-owner-group", str(root), f"{folder}/agent.deb")
        return Path(folder, "agent.deb").read_bytes()
