"""One machine: an overlay on the cached root file system, booted by systemd-nspawn; cloud-init has its user data."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from .cgroup import Cgroup
from .instances import Instance
from .network import Network
from .shell import CommandFailed, sh, wait_until
from .volumes import BY_ID, loop_nodes

# nspawn ends with 133 when the machine reboots.
BOOT = """\
rc=133
while [ $rc = 133 ]; do
    rc=0
    (
        for group in $GROUPS_OF_MACHINE; do echo $BASHPID >"$group/cgroup.procs"; done
        exec "$@"
    ) || rc=$?
    echo "systemd-nspawn ended with $rc"
done
exit $rc
"""


class Guest:
    def __init__(self, network: Network, link: str, instance: Instance, folder: Path, base: Path):
        self.network = network
        self.link = link
        self.instance = instance
        self.name = f"{network.name}-{link}"
        self.folder = folder / link
        self.root = self.folder / "root"
        self.devices = self.folder / "devices"
        self.console_log = self.folder / "console.log"
        self.cgroup = Cgroup(self.name)
        self._base = base
        self._loop: subprocess.Popen | None = None

    def create(self, memory_mib: int | None, disk_mib: int | None, volume_gibibytes: int | None = None) -> None:
        self.folder.mkdir(parents=True)
        if disk_mib:
            sh("mount", "-t", "tmpfs", "-o", f"size={disk_mib}m", self.name, str(self.folder))
        if volume_gibibytes:
            image = self.folder.with_suffix(".img")
            with image.open("wb") as file:
                file.truncate(volume_gibibytes << 30)
            sh("mkfs.ext4", "-q", "-F", str(image))
            sh("mount", "-o", "loop", str(image), str(self.folder))
        for name in ("upper", "work", "root", "devices"):
            (self.folder / name).mkdir()
        # Volatile: without it every umount and power-off syncs the whole upper file system.
        layers = f"lowerdir={self._base},upperdir={self.folder}/upper,workdir={self.folder}/work,volatile"
        sh("mount", "-t", "overlay", self.name, "-o", layers, str(self.root))
        self.cgroup.create(memory_mib)
        namespace = self.network.add_machine(self.link, self.instance.address)
        self.seed()
        if memory_mib:
            self.write("etc/rig/meminfo", _meminfo(memory_mib).encode())
        self._command = [
            "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--settings=no", "--link-journal=no",
            "--resolv-conf=off", "--timezone=off", "--console=pipe", f"--machine={self.name}",
            # As on an instance, systemd can filter the addresses that a unit reaches (IPAddressDeny=).
            "--system-call-filter=bpf", "--capability=CAP_BPF",
            f"--network-namespace-path=/run/netns/{namespace}", f"--bind={self.devices}:{BY_ID}",
            *(f"--bind={node}:/dev/{node.name}" for node in (loop_nodes(self.folder) if volume_gibibytes else ())),
            "-b", "-D", str(self.root),
        ]  # fmt: skip

    def write(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """A file of the machine, before it boots."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)

    def seed(self) -> None:
        """The user data that cloud-init reads at the next boot."""
        folder = "var/lib/cloud/seed/nocloud"
        self.write(f"{folder}/user-data", self.instance.user_data, 0o600)
        meta_data = f"instance-id: {self.instance.id}\nlocal-hostname: {self.instance.hostname}\n"
        self.write(f"{folder}/meta-data", meta_data.encode(), 0o600)
        # On EC2 cloud-init reads the user data anew at each boot: its data source there has no check_instance_id, by
        # which that of the rig's seed would go on with what it has kept.
        (self.root / "var/lib/cloud/instances" / self.instance.id / "obj.pkl").unlink(missing_ok=True)

    def start(self) -> None:
        environment = os.environ | {
            "GROUPS_OF_MACHINE": " ".join(str(path) for path in self.cgroup.paths),
            "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
            "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
        }
        with self.console_log.open("ab") as log:
            self._loop = subprocess.Popen(
                ["bash", "-c", BOOT, "boot", *self._command],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    @property
    def nspawn(self) -> int | None:
        return _only_child(self._loop.pid) if self._loop else None

    @property
    def leader(self) -> int | None:
        """The machine's init, seen from the host."""
        return _only_child(self.nspawn) if self.nspawn else None

    @property
    def running(self) -> bool:
        return self._loop is not None and self._loop.poll() is None

    def run(self, command: str, check: bool = True, timeout: float = 60) -> subprocess.CompletedProcess:
        """A shell command inside, as root. Unlike the machine's own processes it has every capability."""
        leader = self.leader
        if leader is None:
            raise RuntimeError(f"{self.name} is not running\n{self.story()}")
        entry = ["nsenter", "--target", str(leader), "--all", "--", "/bin/bash", "-c", command]
        clean = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
        }
        result = sh(*entry, check=False, timeout=timeout, env=clean, errors="replace")
        if check and result.returncode:
            raise CommandFailed([command], result)
        return result

    def journal(self, unit: str | None = None) -> str:
        command = "journalctl --no-pager -o short-monotonic" + (f" -u {unit}" if unit else "")
        return self.run(command).stdout

    def console(self) -> str:
        return self.console_log.read_text(errors="replace") if self.console_log.exists() else ""

    def story(self, lines: int = 60) -> str:
        """What one needs to read when a boot has failed."""
        output = self.root / "var/log/cloud-init-output.log"
        script = output.read_text(errors="replace") if output.exists() else "(no cloud-init-output.log)"
        tail = "\n".join([line for line in script.splitlines() if not line.startswith("ci-info:")][-lines:])
        return f"--- {self.name}: end of cloud-init-output.log\n{tail}\n--- end of the console\n" + "\n".join(
            self.console().splitlines()[-15:]
        )

    def reboot(self) -> None:
        before = self.leader
        self.run("systemctl reboot", check=False)
        wait_until("the machine reboots", lambda: self.leader not in (None, before), 30)

    def stop(self, seconds: float = 20) -> None:
        if self.running:
            if nspawn := self.nspawn:
                os.kill(nspawn, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):  # destroy() ends what is left
                self._loop.wait(seconds)

    def destroy(self) -> None:
        if self._loop:
            self._loop.kill()
            self._loop.wait()
        self.cgroup.remove()
        self.network.remove_machine(self.link)
        sh("umount", str(self.root), check=False)
        sh("umount", "--quiet", str(self.folder), check=False)
        propagated = Path("/run/systemd/nspawn/propagate") / self.name
        if propagated.exists():
            propagated.rmdir()


def _only_child(pid: int) -> int | None:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return None
    return int(children[0]) if children else None


def _meminfo(memory_mib: int) -> str:
    # The kernel keeps about 2 % and 30 MiB of an instance's memory for itself.
    total = (memory_mib - memory_mib // 50 - 30) * 1024
    rest = {
        "MemFree": total * 3 // 4,
        "MemAvailable": total * 4 // 5,
        "Buffers": 0,
        "Cached": 0,
        "SwapTotal": 0,
        "SwapFree": 0,
    }
    return "".join(f"{name + ':':<16}{kib:>8} kB\n" for name, kib in {"MemTotal": total, **rest}.items())
