"""Packages in Python, of one word each, where people keep their own: on an index, in a repository of git."""

import tempfile
import zipfile
from pathlib import Path

from .shell import sh

PROJECT = """\
[project]
name = "{name}"
version = "{version}"
description = "One word"

[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"
"""
GIT = ("git", "-c", "user.name=Rig", "-c", "user.email=rig@example.com")


def index(folder: Path, name: str, version: str, word: str) -> Path:
    """A folder that a server gives out as an index, its lists of files as pages, with a wheel."""
    place = folder / "simple" / name
    place.mkdir(parents=True)
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"WORD = {word!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: rig\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(place / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return folder


def repository(folder: Path, name: str, version: str, word: str) -> str:
    """A repository that a server of files can give out; its one commit."""
    bare = folder / f"{name}.git"
    with tempfile.TemporaryDirectory() as work:
        Path(work, "pyproject.toml").write_text(PROJECT.format(name=name, version=version))
        Path(work, f"{name}.py").write_text(f"WORD = {word!r}\n")
        for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
            sh(*GIT, *command, cwd=work)
        serve(Path(work), bare)
    return sh(*GIT, "rev-parse", "HEAD", cwd=bare).stdout.strip()


def serve(repository: Path, bare: Path) -> None:
    """A copy that a server of files can give out."""
    sh(*GIT, "clone", "-q", "--bare", str(repository), str(bare))
    sh(*GIT, "update-server-info", cwd=bare)
