"""A Debian root file system as an AMI ships it: cloud-init, sshd and curl, no package lists.

Made once, kept in the cache.
"""

import hashlib
import shutil
import threading
from pathlib import Path

from .certificates import certificates
from .network import DNS
from .run import CACHE
from .shell import sh

SUITE = "trixie"
PACKAGES = [
    "systemd", "systemd-sysv", "dbus", "libpam-systemd", "ca-certificates", "curl", "iproute2", "netbase", "procps",
    "sudo", "openssl", "openssh-server", "cloud-init", "e2fsprogs",
]  # fmt: skip
CLOUD_INIT = """\
network: {config: disabled}
ssh_genkeytypes: [ed25519]
datasource_list: [NoCloud]
"""
# In a container /proc/meminfo is the host's. Covered, so that what reads it sees the machine's own memory.
MEMINFO_UNIT = """\
[Unit]
DefaultDependencies=no
ConditionPathExists=/etc/rig/meminfo
Before=cloud-init-local.service sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/mount --bind /etc/rig/meminfo /proc/meminfo
[Install]
WantedBy=sysinit.target
"""
# In a container systemd passes over the devices of fstab.
FSTAB_GENERATOR = """\
#!/bin/sh
mkdir -p /run/rig
ln -sfn /dev/disk/by-id /run/rig/by-id
sed 's,^/dev/disk/by-id/,/run/rig/by-id/,' /etc/fstab >/run/rig/fstab
SYSTEMD_FSTAB=/run/rig/fstab exec /usr/lib/systemd/system-generators/systemd-fstab-generator "$@"
"""


# What RDS and ElastiCache run.
SERVERS = ["postgresql", "mariadb-server", "valkey-server"]


def base() -> Path:
    """The folder that every machine's overlay lies on."""
    return _cached(PACKAGES)


def servers() -> Path:
    """The one of the machines that play managed services."""
    return _cached([*PACKAGES, *SERVERS])


# Machines may be made at the same time.
_making = threading.Lock()


def _cached(packages: list[str]) -> Path:
    host_cas = sorted(Path("/usr/local/share/ca-certificates").glob("**/*.crt"))
    cas = [*host_cas, certificates().authority]
    key = hashlib.sha256()
    for part in (
        SUITE,
        *packages,
        CLOUD_INIT,
        MEMINFO_UNIT,
        Path(__file__).read_text(),
        *(ca.read_text() for ca in cas),
    ):
        key.update(part.encode())
    folder = CACHE / "rootfs" / key.hexdigest()[:16]
    with _making:
        if not folder.exists():
            new = folder.with_suffix(".new")
            shutil.rmtree(new, ignore_errors=True)
            new.parent.mkdir(parents=True, exist_ok=True)
            _make(new, packages, cas)
            new.rename(folder)
    return folder


def _sources() -> list[str]:
    """The archives that this host itself installs from; none where it is no Debian, so mmdebstrap's default."""
    suites = {"debian": [SUITE, f"{SUITE}-updates"], "debian-security": [f"{SUITE}-security"]}
    return [f"deb {site} {suite} main" for name in suites for site in archive(name) for suite in suites[name]]


def archive(name: str) -> list[str]:
    """The sites of one of Debian's archives that this host itself installs from."""
    if not shutil.which("apt-get"):
        return []
    sites = set(sh("apt-get", "indextargets", "--format", "$(SITE)", "Origin: Debian", check=False).stdout.split())
    return sorted(site for site in sites if site.rstrip("/").rsplit("/", 1)[-1] == name)


def _make(root: Path, packages: list[str], cas: list[Path]) -> None:
    options = ["--variant=minbase", '--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"']
    sh("mmdebstrap", "--quiet", *options, f"--include={','.join(packages)}", SUITE, str(root), *_sources())
    for ca in cas:
        shutil.copy(ca, root / "usr/local/share/ca-certificates" / ca.name)
    sh("chroot", str(root), "update-ca-certificates")
    _copy_package_settings(root)
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").write_text(f"nameserver {DNS}\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n")
    (root / "etc/machine-id").write_text("")
    (root / "etc/hostname").unlink(missing_ok=True)
    (root / "etc/cloud/cloud.cfg.d/99-rig.cfg").write_text(CLOUD_INIT)
    (root / "etc/systemd/system/rig-meminfo.service").write_text(MEMINFO_UNIT)
    sh("chroot", str(root), "systemctl", "enable", "--quiet", "rig-meminfo.service")
    generator = root / "etc/systemd/system-generators/systemd-fstab-generator"
    generator.parent.mkdir(parents=True, exist_ok=True)
    generator.write_text(FSTAB_GENERATOR)
    generator.chmod(0o755)


def _copy_package_settings(root: Path) -> None:
    """A host that reaches Debian or PyPI through a proxy or an index of its own: its machines do too."""
    if Path("/etc/pip.conf").exists():
        shutil.copy("/etc/pip.conf", root / "etc/pip.conf")
    for file in Path("/etc/apt/apt.conf.d").glob("*"):
        if "Acquire::http" in file.read_text(errors="replace"):
            shutil.copy(file, root / "etc/apt/apt.conf.d" / file.name)
