"""Applications that fetch what their operating system or the public index lacks, from hosts that the rig plays."""

import json
import platform
import re
from pathlib import Path

from . import packages
from .deploy import ROOT
from .shared_machines import Wanted
from .sites import Site
from .standalone_python import StandalonePython, standalone_python

APPS = ROOT / "test/machine/apps"
ANY_APPLICATION = "npx tsx test/machine/apps/wanted.ts"

GITHUB, STORAGE = "github.com", "release-assets.githubusercontent.com"
RELEASES = "astral-sh/python-build-standalone/releases/download"

INDEX, GIT = "packages.example.com", "git.example.com"
PLAIN = "passw0rd-of-the-index"
# With what is special to a shell, to systemd or in a URL.
PASSWORD = PLAIN + " \"'`$HOME\\%n@/#"
TOKEN = "t0ken-of-the-repository"


def wanted(application: dict, sites: tuple[Site, ...]) -> Wanted:
    return Wanted({"wanted": json.dumps(application)}, ANY_APPLICATION, {"sites": sites})


def own_python(folder: Path, sha256: str | None = None, reachable: bool = True) -> Wanted:
    """A project that pins the line of versions in `.python-version`, and has a package in C."""
    python = standalone_python()
    application = {
        "directory": str(APPS / "own-python"),
        "application": {"wsgi": "site_app:app"},
        "command": "python about.py",
        "pythons": [{"version": python.version, "sha256": sha256 or python.sha256}],
    }
    return wanted(application, releases(folder, [python]) if reachable else (Site(GITHUB),))


def releases(folder: Path, pythons: list[StandalonePython]) -> tuple[Site, ...]:
    """The host that a Python is fetched from."""
    build = re.search(r"BUILD = '(\d+)'", (ROOT / "lib/render/pythons.ts").read_text())[1]
    place = folder / RELEASES / build
    place.mkdir(parents=True)
    for python in pythons:
        named = f"cpython-{python.version}+{build}-{platform.machine()}-unknown-linux-gnu-install_only.tar.gz"
        (place / named).symlink_to(python.file)
    # GitHub keeps what belongs to releases elsewhere
    return (Site(GITHUB, moved_to=STORAGE), Site(STORAGE, str(folder)))


def private_packages(folder: Path, password: str = PASSWORD) -> Wanted:
    """A project whose `pyproject.toml` names an index that asks for a password, and whose requirements hold a token."""
    for name in ("index", "git", "app"):
        (folder / name).mkdir(parents=True)
    packages.index(folder / "index", "greeting", "1.2", "hello")
    commit = packages.repository(folder / "git", "farewell", "0.3", "goodbye")
    source = (APPS / "private-packages/site_app.py").read_text()
    files = {
        "site_app.py": source,
        "pyproject.toml": f'[[tool.uv.index]]\nname = "ours"\nurl = "https://{INDEX}/simple"\n',
        "requirements.txt": "Flask==3.1.3\ngreeting==1.2\n"
        f"farewell @ git+https://deploy:${{GIT_TOKEN}}@{GIT}/farewell.git@{commit}\n",
    }
    for name, text in files.items():
        (folder / "app" / name).write_text(text)
    application = {
        "directory": str(folder / "app"),
        "application": {"wsgi": "site_app:app"},
        "packageSecrets": {
            "UV_INDEX_OURS_USERNAME": "anna",
            "UV_INDEX_OURS_PASSWORD": password,
            "GIT_TOKEN": TOKEN,
        },
    }
    sites = (
        Site(INDEX, str(folder / "index"), credentials=f"anna:{PASSWORD}"),
        Site(GIT, str(folder / "git"), credentials=f"deploy:{TOKEN}"),
    )
    return wanted(application, sites)
