"""EBS volumes: sparse files behind loop devices, which outlive the machines that they are attached to."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from .shell import sh

BY_ID = "/dev/disk/by-id"


class Volume:
    def __init__(self, volume_id: str, gibibytes: int, folder: Path):
        self.id = volume_id
        file = folder / f"{volume_id}.img"
        with file.open("wb") as image:
            image.truncate(gibibytes << 30)
        self.device = sh("losetup", "--find", "--show", str(file)).stdout.strip()

    def attach(self, devices: Path) -> None:
        """Below the folder that is the machine's /dev/disk/by-id, under the name that udev gives an NVMe volume."""
        name = f"nvme-Amazon_Elastic_Block_Store_{self.id.replace('-', '')}"
        os.mknod(devices / name, stat.S_IFBLK | 0o600, os.stat(self.device).st_rdev)

    def remove(self) -> None:
        sh("losetup", "--detach", self.device)


def loop_devices(folder: Path) -> Iterator[str]:
    """Those whose files are below the folder."""
    for line in sh("losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE").stdout.splitlines():
        device, _, file = line.strip().partition(" ")
        if file.strip().startswith(f"{folder}/"):
            yield device
