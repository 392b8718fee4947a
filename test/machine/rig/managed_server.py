"""A service of AWS that a stack has, played by a machine of its own: the server itself, behind its endpoint.

TLS is by the rig's authority.
"""

import os
import signal
import subprocess
from pathlib import Path

from . import rootfs
from .certificates import certificates
from .network import Network
from .shell import sh, wait_until


class ManagedServer:
    def __init__(self, network: Network, folder: Path, name: str, address: str, endpoint: str, port: int):
        self._network = network
        self._folder = folder / name
        self._link = name
        self._name = f"{network.name}-{name}"
        self._address = (address, port)
        root = self._folder / "root"
        for part in ("upper", "work", "root"):
            (self._folder / part).mkdir(parents=True)
        layers = f"lowerdir={rootfs.servers()},upperdir={self._folder}/upper,workdir={self._folder}/work"
        sh("mount", "-t", "overlay", self._name, "-o", f"{layers},volatile", str(root))
        self._namespace = network.add_machine(name, address)
        made = certificates((endpoint,))
        (root / "tls").mkdir()
        for file, content in (("server.crt", made.certificate.read_bytes()), ("server.key", made.key.read_bytes())):
            (root / "tls" / file).write_bytes(content)
            (root / "tls" / file).chmod(0o600)

    def start(self, script: str) -> None:
        """Runs until the script ends, whose last command is the server."""
        with (self._folder / "log").open("ab") as log:
            self._nspawn = subprocess.Popen(
                [
                    "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--settings=no", "--link-journal=no",
                    "--resolv-conf=off", "--timezone=off", "--console=pipe", "--as-pid2", f"--machine={self._name}",
                    f"--network-namespace-path=/run/netns/{self._namespace}", "-D", str(self._folder / "root"),
                    "/bin/bash", "-euc", script,
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_until(f"{self._name} listens", self._listens, 60)

    def _listens(self) -> bool:
        if self._nspawn.poll() is not None:
            raise RuntimeError((self._folder / "log").read_text(errors="replace"))
        try:
            self._network.connect(self._address, 1).close()
        except OSError:
            return False
        return True

    def run(self, command: str) -> str:
        """The output of a shell command on the server's machine."""
        return sh("nsenter", "--target", str(self._leader), "--all", "bash", "-c", command).stdout.strip()

    @property
    def _leader(self) -> int:
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        return int(children[0])

    def kill(self) -> None:
        os.kill(self._leader, signal.SIGKILL)
        self._nspawn.wait()

    def remove(self) -> None:
        self.kill()
        self._network.remove_machine(self._link)
        sh("umount", str(self._folder / "root"), check=False)
        propagated = Path("/run/systemd/nspawn/propagate") / self._name
        if propagated.exists():
            propagated.rmdir()
