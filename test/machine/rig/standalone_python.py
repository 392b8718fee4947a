"""An archive as python-build-standalone publishes them, so that a machine can fetch a Python that its system lacks. The
Python is that of Debian's previous release: it finds its library by its own place, and brings its headers and pip."""

import hashlib
import re
import shutil
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from .rootfs import archive
from .run import CACHE
from .shell import sh

SUITE, LINE = "bookworm", "3.11"
PACKAGES = [f"python{LINE}-minimal", f"libpython{LINE}-stdlib", f"libpython{LINE}-dev", "python3-pip-whl"]
OPTIONS = ["--quiet", "--variant=extract", f"--include={','.join(PACKAGES)}"]
# What theirs says of the tools that it was built with.
TOOLS = {"x86_64-linux-gnu-gcc-ar": "/tools/llvm/bin/llvm-ar"} | {
    f"{machine}-linux-gnu-{tool}": name
    for machine in ("x86_64", "aarch64")
    for tool, name in {"gcc": "clang -pthread", "g++": "clang++ -pthread"}.items()
}


@dataclass(frozen=True)
class StandalonePython:
    version: str
    sha256: str
    file: Path


def standalone_python() -> StandalonePython:
    sources = [f"deb {site} {SUITE} main" for site in archive("debian")]
    made_by = [*OPTIONS, *sources, Path(__file__).read_text()]
    folder = CACHE / "python" / hashlib.sha256("\n".join(made_by).encode()).hexdigest()[:16]
    if not folder.exists():
        new = folder.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        sh("mmdebstrap", *OPTIONS, SUITE, str(new / "debian"), *sources, timeout=300)
        _arrange(new / "debian/usr", new / "python")
        with tarfile.open(new / "python.tar.gz", "w:gz", compresslevel=1) as tar:
            tar.add(new / "python", "python")
        shutil.rmtree(new / "debian")
        new.rename(folder)
    file = folder / "python.tar.gz"
    version = re.search(r'PY_VERSION\s+"(.*)"', (folder / f"python/include/python{LINE}/patchlevel.h").read_text())
    return StandalonePython(version[1], hashlib.sha256(file.read_bytes()).hexdigest(), file)


def _arrange(usr: Path, python: Path) -> None:
    """A folder that stands alone: programs, library and headers side by side."""
    library, headers = python / "lib" / f"python{LINE}", python / "include" / f"python{LINE}"
    left = shutil.ignore_patterns("EXTERNALLY-MANAGED", "sitecustomize.py", "config-*", "test")
    shutil.copytree(usr / "lib" / f"python{LINE}", library, symlinks=True, ignore=left)
    shutil.copytree(usr / "include" / f"python{LINE}", headers)
    for file in usr.glob(f"include/*-linux-gnu/python{LINE}/pyconfig.h"):
        shutil.copy(file, headers)
    (python / "bin").mkdir()
    shutil.copy(usr / "bin" / f"python{LINE}", python / "bin")
    (python / "bin/python3").symlink_to(f"python{LINE}")
    (pip,) = usr.glob("share/python-wheels/pip-*.whl")
    # where Debian's has what theirs has in site-packages
    zipfile.ZipFile(pip).extractall(library / "dist-packages")
    for file in library.glob("_sysconfigdata__*.py"):
        if not file.is_symlink():
            file.write_text(re.sub("|".join(map(re.escape, TOOLS)), lambda tool: TOOLS[tool[0]], file.read_text()))
