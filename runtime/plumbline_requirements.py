"""What the project in the working folder asks for, in whichever form it does, as one list for uv.

    plumbline_requirements.py FOLDER --uv UV --python PYTHON --server REQUIREMENT
        [--requirements FILE] [--group NAME ...] [--extra NAME ...] [--application FOLDER]

Writes into FOLDER the arguments of `uv pip install` for the project's packages (project), and for the server and
whatever else comes from where they come from (server, sources). Prints what is worth to know, and last the reason where
it cannot be installed.
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
from plumbline_lock_files import LOCKS, PIPFILE_LOCK, PROJECT, checked, groups_of, optional, pipenv, poetry
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
        return checked(file, tomllib.loads(text_of(file)), LOCKS if "lock" in file.name else PROJECT)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{file}: {error}") from error


def _json(file: Path) -> dict:
    try:
        return checked(file, json.loads(text_of(file)), PIPFILE_LOCK)
    except json.JSONDecodeError as error:
        raise Refused(f"{file}: {error}") from error


def _names_packages(file: Path) -> bool:
    """Two of them may hold nothing but the settings of tools."""
    if file.name == "setup.cfg":
        return "install_requires" in text_of(file)
    if file.name != "pyproject.toml":
        return True
    project = _toml(file)
    return "project" in project or "poetry" in project.get("tool", {})


def wanted(
    file: Path, groups: list[str], extras: list[str], uv: list[str], folder: Path, member: Path | None = None
) -> Requirements:
    if not file.is_file():
        raise Refused(f"requirements {file} does not exist in the project")
    beside = file.parent / "pyproject.toml"
    project = _toml(beside) if beside.is_file() else {}
    match file.name:
        case "uv.lock":
            # A list does not say what comes from an explicit index, so uv would look for it elsewhere. A lock does, and
            # names each file, so that it has no use for a mirror.
            of_member = _toml(member / "pyproject.toml") if member else {}
            indexes = [
                index for one in (project, of_member) for index in one.get("tool", {}).get("uv", {}).get("index", [])
            ]
            explicit = any(index.get("explicit") for index in indexes)
            package = of_member.get("project", {}).get("name")
            return exported(file, groups, extras, uv, folder / "pylock.toml" if explicit else None, package)
        case "poetry.lock":
            return poetry(project, _toml(file), groups, extras)
        case "Pipfile.lock" if extras:
            raise Refused(f"{file} has no extras ({', '.join(extras)}): give dependencyGroups with its categories")
        case "Pipfile.lock":
            return pipenv(_json(file), groups)
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


def member_of(lock: Path, application: Path) -> Path | None:
    """The member of uv's workspace that an application is in, of which it is what `uv sync` installs there; none where
    that is the root: https://docs.astral.sh/uv/concepts/projects/workspaces/"""
    sources = [one.get("source", {}) for one in _toml(lock).get("package", [])]
    members = {source.get("editable", source.get("virtual")) for source in sources}
    for folder in (application, *application.parents):
        if folder.is_relative_to(lock.parent) and str(folder.relative_to(lock.parent)) in members - {"."}:
            return folder
    return None


def exported(
    file: Path, groups: list[str], extras: list[str], uv: list[str], lock: Path | None, package: str | None = None
) -> Requirements:
    """As a list; or as a lock that uv installs from, in a file of its own."""
    command = [
        *(uv[0], "export", "-q", "-p", uv[1], "--frozen", "--no-dev", "--no-emit-project", "--no-header"),
        *("--no-annotate", "--project", str(file.parent), *(part for group in groups for part in ("--group", group))),
        *(("--format", "pylock.toml", "-o", str(lock)) if lock else ()),
        *(("--package", package) if package else ()),
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
    # uv names folders as seen from the lock's
    if file.parent != Path():
        requirements.lines = [re.sub(r"^(-e )?\./", rf"\g<1>./{file.parent}/", line) for line in requirements.lines]
    return requirements


def is_package(file: Path, folder: Path) -> bool:
    """As uv sees it: https://docs.astral.sh/uv/concepts/projects/config/#project-packaging.
    A list of requirements says it itself, with `-e .`."""
    beside = folder / "pyproject.toml"
    if file.name not in ("uv.lock", "poetry.lock", "pyproject.toml") or not beside.is_file():
        return False
    project = _toml(beside)
    tool = project.get("tool", {})
    wanted = tool.get("uv", {}).get("package", tool.get("poetry", {}).get("package-mode", True))
    return "build-system" in project and wanted


def write(folder: Path, requirements: Requirements, server: str) -> None:
    """Lists of arguments for uv: of the project's packages, of the server, and of where packages come from."""
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
    # Who adds an index to a list means what pip means, the best match in all of them; uv would ask the first that
    # knows the name, an old click of PyTorch's say. Indexes in uv's own words keep uv's meaning.
    if any(option.startswith("--extra-index-url") for option in requirements.options):
        sources += ["--index-strategy", "unsafe-best-match"]
    project = ["--excludes", f"{folder}/servers.txt", *sources]
    project += [part for file in requirements.files for part in ("-r", str(file))]
    project += [part for extra in requirements.extras for part in ("--extra", extra)]
    # which may ask for nothing but the server, and uv installs nothing only from a list
    project += ["-r", f"{folder}/requirements.txt"] if requirements.lines or not requirements.files else []
    project += ["-c", f"{folder}/constraints.txt"] if requirements.constraints else []
    for name, arguments in {"project": project, "sources": sources, "server": [*sources, server]}.items():
        (folder / name).write_text("".join(f"{argument}\n" for argument in arguments))


def _lines(file: Path, extras: list[str]) -> list[str]:
    """What a file that uv reads itself asks for: the table of a project, or a lock (PEP 751)."""
    table = _toml(file)
    locked = [f"{one['name']}=={one.get('version', '')}" for one in table.get("packages", [])]
    return table.get("project", {}).get("dependencies", []) + optional(table, extras) + locked


def with_extras(server: str, lines: list[str]) -> str:
    """Ours, with what the project wants of its own beside it: `gunicorn[gevent]` may be all that names gevent."""
    name, version = server.split("==")
    asked = [name, *(line for line in lines if name_of(line) == name_of(name))]
    found = [re.match(r"[\w.-]+\s*\[([^\]]*)\]", line) for line in asked]
    extras = sorted({name_of(extra.strip()) for match in found if match for extra in match[1].split(",")} - {""})
    return name.partition("[")[0] + (f"[{','.join(extras)}]" if extras else "") + f"=={version}"


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
    parser.add_argument("--application", type=Path, default=Path())
    given = parser.parse_args(arguments)
    file = given.requirements
    try:
        file = file or choose()
        member = member_of(file, given.application) if file.name == "uv.lock" and file.is_file() else None
        requirements = wanted(file, given.group, given.extra, [given.uv, given.python], given.folder, member)
        of_files = [line for one in requirements.files for line in _lines(one, given.extra)]
        itself = member or file.parent
        is_one = is_package(file, itself)
    except Refused as refused:
        print(f"error: {without_credentials(str(refused))}")
        return 1
    except KeyError as error:
        print(f"error: {file} lacks {error}")
        return 1
    print(f"packages of {file}" + (f" for {member}" if member else ""))
    lines = [*requirements.lines, *of_files]
    server = with_extras(given.server, lines)
    tell_servers(file, lines, server)
    # gunicorn's extras are called what they bring: the project's bounds for that hold
    extras = re.findall(r"[\w-]+", server.partition("==")[0])[1:]
    requirements.lines += [line for line in requirements.constraints if name_of(line) in extras]
    write(given.folder, requirements, server)
    if is_one:
        (given.folder / "itself").write_text(f"{itself.absolute()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
