"""What the project in the working folder asks for, in whichever form it does, as one list for uv.

    plumbline_requirements.py FOLDER --uv UV --python PYTHON --server REQUIREMENT
        [--requirements FILE] [--group NAME ...] [--extra NAME ...]

Writes into FOLDER the arguments of `uv pip install` for the project's packages (project), and for whatever else comes
from where they come from (sources). Prints what is worth to know, and last the reason where it cannot be installed.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from plumbline_build import reason_of
from plumbline_lock_files import groups_of, optional, pipenv, poetry
from plumbline_requirement_lines import Refused, Requirements, name_of, read, text_of

# The servers that we bring: the plan holds for their versions.
SERVERS = ("gunicorn",)

# A lock says it most exactly, then the list that is meant for production.
ORDER = (
    *("uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock"),
    *("requirements.txt", "requirements/production.txt", "requirements/prod.txt", "requirements/base.txt"),
    *("requirements/requirements.txt", "pyproject.toml", "setup.py", "setup.cfg"),
)


def choose() -> Path:
    """The first that there is."""
    for name in ORDER:
        if Path(name).is_file() and _names_packages(Path(name)):
            return Path(name)
    raise Refused(f"the project names no packages to install: none of {', '.join(ORDER)} does")


def _toml(file: Path) -> dict:
    try:
        return tomllib.loads(text_of(file))
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{file}: {error}") from error


def _names_packages(file: Path) -> bool:
    """Two of them may hold nothing but the settings of tools."""
    if file.name == "setup.cfg":
        return "install_requires" in text_of(file)
    if file.name != "pyproject.toml":
        return True
    project = _toml(file)
    return "project" in project or "poetry" in project.get("tool", {})


def wanted(file: Path, groups: list[str], extras: list[str], uv: list[str], folder: Path) -> Requirements:
    if not file.is_file():
        raise Refused(f"requirements {file} does not exist in the project")
    beside = file.parent / "pyproject.toml"
    project = _toml(beside) if beside.is_file() else {}
    match file.name:
        case "uv.lock":
            # A list does not say what comes from an explicit index, so uv would look for it elsewhere. A lock does, and
            # names each file, so that it has no use for a mirror.
            indexes = project.get("tool", {}).get("uv", {}).get("index", [])
            explicit = any(index.get("explicit") for index in indexes)
            return exported(file, groups, extras, uv, folder / "pylock.toml" if explicit else None)
        case "poetry.lock":
            return poetry(project, _toml(file), groups, extras)
        case "Pipfile.lock" if extras:
            raise Refused(f"{file} has no extras ({', '.join(extras)}): give dependencyGroups with its categories")
        case "Pipfile.lock":
            return pipenv(json.loads(text_of(file)), groups)
        case "pyproject.toml" if "poetry" in project.get("tool", {}):
            return poetry(project, None, groups, extras)
        case "pyproject.toml":
            return Requirements(groups_of(project, groups), [file], extras=extras)
    if groups:
        raise Refused(
            f"{file} has no dependency groups ({', '.join(groups)}): give requirements with the file for production"
        )
    of_extras = f"[{','.join(extras)}]" if extras else ""
    if file.name in ("setup.py", "setup.cfg"):
        return Requirements([f"-e {file.parent.absolute()}{of_extras}"])
    if file.suffix == ".toml":
        return Requirements(files=[file], extras=extras)
    if extras:
        raise Refused(f"{file} has no extras ({', '.join(extras)}): write -e .{of_extras} into it")
    requirements = Requirements()
    read(file, requirements)
    return requirements


def exported(file: Path, groups: list[str], extras: list[str], uv: list[str], lock: Path | None) -> Requirements:
    """As a list; or as a lock that uv installs from, in a file of its own."""
    command = [
        *(uv[0], "export", "-q", "-p", uv[1], "--frozen", "--no-dev", "--no-emit-project", "--no-header"),
        *("--no-annotate", "--project", str(file.parent), *(part for group in groups for part in ("--group", group))),
        *(("--format", "pylock.toml", "-o", str(lock)) if lock else ()),
    ]
    command += [part for extra in extras for part in ("--extra", extra)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        print(result.stderr)
        raise Refused(f"{file}: {reason_of(result.stderr)}")
    if lock:
        return Requirements(files=[lock])
    requirements = Requirements()
    with tempfile.NamedTemporaryFile("w", dir=file.parent, suffix=".txt") as list_of_uv:
        list_of_uv.write(result.stdout)
        list_of_uv.flush()
        read(Path(list_of_uv.name), requirements)
    return requirements


def is_package(file: Path) -> bool:
    """As uv sees it: https://docs.astral.sh/uv/concepts/projects/config/#project-packaging.
    A list of requirements says it itself, with `-e .`."""
    beside = file.parent / "pyproject.toml"
    if file.name not in ("uv.lock", "poetry.lock", "pyproject.toml") or not beside.is_file():
        return False
    project = _toml(beside)
    tool = project.get("tool", {})
    wanted = tool.get("uv", {}).get("package", tool.get("poetry", {}).get("package-mode", True))
    return "build-system" in project and wanted


def write(folder: Path, requirements: Requirements) -> None:
    """Two lists of arguments for uv: of the project's packages, and of where packages come from."""
    contents = {
        "servers.txt": SERVERS,
        "sources.txt": list(dict.fromkeys(requirements.options)),
        "requirements.txt": requirements.lines,
        "constraints.txt": requirements.constraints,
    }
    for name, lines in contents.items():
        (folder / name).write_text("".join(f"{line}\n" for line in lines))
    # uv warns of files in which it finds nothing
    sources = ["-r", f"{folder}/sources.txt"] if requirements.options else []
    project = ["--excludes", f"{folder}/servers.txt", *sources]
    # Where hashes say what a package is, every index is asked, as pip and Poetry do. uv asks the first that knows the
    # name, so that none can put another in its place; but PyTorch's has old versions of what it needs.
    if requirements.options and requirements.lines and all("--hash" in line for line in requirements.lines):
        project += ["--index-strategy", "unsafe-best-match"]
    project += [part for file in requirements.files for part in ("-r", str(file))]
    project += [part for extra in requirements.extras for part in ("--extra", extra)]
    # which may ask for nothing but the server, and uv installs nothing only from a list
    project += ["-r", f"{folder}/requirements.txt"] if requirements.lines or not requirements.files else []
    project += ["-c", f"{folder}/constraints.txt"] if requirements.constraints else []
    for name, arguments in {"project": project, "sources": sources}.items():
        (folder / name).write_text("".join(f"{argument}\n" for argument in arguments))


def _lines(file: Path, extras: list[str]) -> list[str]:
    """What a file that uv reads itself asks for: the table of a project, or a lock (PEP 751)."""
    table = _toml(file)
    locked = [f"{one['name']}=={one.get('version', '')}" for one in table.get("packages", [])]
    return table.get("project", {}).get("dependencies", []) + optional(table, extras) + locked


def tell_servers(file: Path, lines: list[str], ours: str) -> None:
    for line in lines:
        if name_of(line) in SERVERS:
            named = line.split(" --hash")[0].split(";")[0].strip()
            if named != ours:
                named = without_credentials(named)
                print(f"{file} names {named}; installed is {ours}, which the plan was checked with")


def without_credentials(text: str) -> str:
    """What is said goes to the log and into events. uv hides them alike."""
    return re.sub(r"://[^/\s]*@", "://****@", text)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--uv", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--server", required=True)
    parser.add_argument("--requirements", type=Path)
    parser.add_argument("--group", action="append", default=[])
    parser.add_argument("--extra", action="append", default=[])
    given = parser.parse_args(arguments)
    try:
        file = given.requirements or choose()
        requirements = wanted(file, given.group, given.extra, [given.uv, given.python], given.folder)
    except Refused as refused:
        print(f"error: {without_credentials(str(refused))}")
        return 1
    print(f"packages of {file}")
    of_files = [line for one in requirements.files for line in _lines(one, given.extra)]
    tell_servers(file, [*requirements.lines, *of_files], given.server)
    write(given.folder, requirements)
    if is_package(file):
        (given.folder / "itself").write_text(f"{file.parent.absolute()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
