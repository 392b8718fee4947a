"""EBS volumes: sparse files behind loop devices, which outlive the machines that they are attached to."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from .shell import sh, wait_until

BY_ID = "/dev/disk/by-id"


class Volume:
    def __init__(self, volume_id: str, gibibytes: int, folder: Path, snapshot: Path | None = None):
        self.id = volume_id
        self._file = folder / f"{volume_id}.img"
        if snapshot:
            _copy(snapshot, self._file)
        with self._file.open("ab") as image:
            image.truncate(gibibytes << 30)
        self.device = sh("losetup", "--find", "--show", str(self._file)).stdout.strip()

    def snapshot(self, file: Path) -> None:
        """As it is at one moment, with what has reached it by then, like an EBS snapshot: nobody may write meanwhile.

        The kernel writes on by itself for a while, so it is copied until nothing was written during the copy.
        """

        def still() -> bool:
            written = self._file.stat().st_mtime_ns
            _copy(self._file, file)
            return self._file.stat().st_mtime_ns == written

        wait_until(f"{self.id} is still", still, 120, every=1)

    def attach(self, devices: Path) -> None:
        """Below the folder that is the machine's /dev/disk/by-id, under the name that udev gives an NVMe volume."""
        name = f"nvme-Amazon_Elastic_Block_Store_{self.id.replace('-', '')}"
        os.mknod(devices / name, stat.S_IFBLK | 0o600, os.stat(self.device).st_rdev)

    def remove(self) -> None:
        sh("losetup", "--detach", self.device)


def loop_nodes(folder: Path, count: int = 64) -> Iterator[Path]:
    """Nodes of the host's loop devices: a machine has no devtmpfs, in which the kernel makes them when asked."""
    loops = folder / "loops"
    loops.mkdir()
    for name, kind, major, minor in [
        ("loop-control", stat.S_IFCHR, 10, 237),
        *((f"loop{number}", stat.S_IFBLK, 7, number) for number in range(count)),
    ]:
        os.mknod(loops / name, kind | 0o600, os.makedev(major, minor))
        yield loops / name


def _copy(source: Path, target: Path) -> None:
    sh("cp", "--sparse=always", str(source), str(target))


def loop_devices(folder: Path) -> Iterator[str]:
    """Those whose files are below the folder."""
    for line in sh("losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE").stdout.splitlines():
        device, _, file = line.strip().partition(" ")
        if file.strip().startswith(f"{folder}/"):
            yield device
