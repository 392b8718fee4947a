"""What lock files and tables of other tools than pip ask for, as lines of a requirements file."""

import json
import re
from pathlib import Path
from typing import Any

from plumbline_requirement_lines import Refused, Requirements, name_of

Table = dict[str, Any]

# What is read of a file, each name with the shape of its value: a type, [the shape of a list's items], a table; `...`
# stands for any name.
ITEM = (str, dict, list)
PROJECT = {
    "project": {"name": str, "dependencies": [str], "optional-dependencies": {...: [str]}},
    "dependency-groups": {...: [(str, dict)]},
    "tool": {
        "poetry": {
            "dependencies": {...: ITEM},
            "group": {...: {"dependencies": {...: ITEM}}},
            "extras": {...: [str]},
            "source": [{"url": str}],
        },
        "uv": {"index": [{}]},
    },
}
LOCKED = [{"name": str, "version": str, "source": {}, "files": [{"hash": str}], "extras": {...: [str]}}]
LOCKS = {"package": LOCKED, "packages": LOCKED}
PIPFILE_LOCK = {"_meta": {"sources": [{"url": str}]}, ...: {...: (str, dict)}}
WORDS = {str: "a text", dict: "a table", list: "a list"}


def checked(file: Path, value: Any, shape: Any, place: str = "") -> Any:
    """The value, where it has the shape; whoever reads it need not ask."""
    types = shape if isinstance(shape, tuple) else (shape if isinstance(shape, type) else type(shape),)
    if not isinstance(value, types):
        meant = " or ".join(WORDS[one] for one in types)
        raise Refused(f"{file}: {place or 'the whole'} is {json.dumps(value, default=str)}, where {meant} is meant")
    if isinstance(shape, list):
        for number, one in enumerate(value):
            checked(file, one, shape[0], f"{place}[{number}]")
    if isinstance(shape, dict):
        for name, one in value.items():
            inner = shape.get(name, shape.get(..., object))
            checked(file, one, inner, f"{place}.{name}".lstrip("."))
    return value


def pipenv(lock: Table, groups: list[str]) -> Requirements:
    """https://github.com/pypa/pipenv/blob/main/docs/pipfile.md: each category of packages is a table of the lock."""
    wanted = Requirements()
    for source in lock.get("_meta", {}).get("sources", []):
        _index(source["url"], wanted)
    for group in ["default", *groups]:
        if group not in lock:
            raise Refused(f"Pipfile.lock has no category {group}")
        for name, entry in lock[group].items():
            wanted.lines.append(_line(name, entry) + "".join(f" --hash={one}" for one in entry.get("hashes", [])))
    return wanted


def poetry(project: Table, lock: Table | None, groups: list[str], extras: list[str]) -> Requirements:
    """The project's own list, bound to what the lock holds. Its formats before 2.1 do not say which group needs a
    package, so uv finds that out: https://github.com/python-poetry/poetry/blob/main/src/poetry/packages/locker.py"""
    table = project.get("tool", {}).get("poetry", {})
    wanted = Requirements(lines=list(project.get("project", {}).get("dependencies", [])))
    for source in table.get("source", []):
        if "url" in source:
            _index(source["url"], wanted)
    chosen = _of_extras(project, extras)
    wanted.lines += optional(project, extras)
    of_groups = [_group(project, name) for name in ["main", *groups]]
    packages = (lock or {}).get("package", [])
    names = [name_of(one["name"]) for one in packages]
    locked = {name: one for name, one in zip(names, packages, strict=True) if names.count(name) == 1}
    for dependencies in of_groups:
        for name, given in dependencies.items():
            if name.lower() == "python":
                continue
            for one in given if isinstance(given, list) else [given]:
                entry = {"version": one} if isinstance(one, str) else one
                if not entry.get("optional") or name_of(name) in chosen:
                    wanted.lines.append(_line(name, entry | _of_lock(locked.get(name_of(name)))))
    wanted.lines += [line for name in groups for line in _group_lines(project, name)]
    for name, one in zip(names, packages, strict=True):
        markers = one.get("markers", "")
        if isinstance(markers, dict):  # by group
            markers = " or ".join(f"({markers[group]})" for group in ["main", *groups] if group in markers)
        # Of two versions for different machines the lock says which is for this one, from its format 2.1 on. Before
        # that uv takes the one that the lists allow.
        where = f" ; {markers}" if markers and name not in locked else ""
        if one.get("source", {}).get("type", "legacy") == "legacy" and (name in locked or where):
            hashes = "".join(f" --hash={file['hash']}" for file in one.get("files", []))
            wanted.constraints.append(f"{one['name']}=={one['version']}{where}{hashes}")
    return wanted


def _group(project: Table, name: str) -> Table:
    table = project.get("tool", {}).get("poetry", {})
    if name == "main":
        return table.get("dependencies", {}) if "dependencies" not in project.get("project", {}) else {}
    if name not in table.get("group", {}) and name not in project.get("dependency-groups", {}):
        raise Refused(f"pyproject.toml has no dependency group {name}")
    return table.get("group", {}).get(name, {}).get("dependencies", {})


def optional(project: Table, extras: list[str], seen: frozenset[str] = frozenset()) -> list[str]:
    """What extras of the project's own table ask for; one may name others of the same project."""
    table = project.get("project", {})
    lists = {name_of(name): given for name, given in table.get("optional-dependencies", {}).items()}
    lines: list[str] = []
    for name in [name_of(extra.strip()) for extra in extras]:
        for line in lists.get(name, []) if name not in seen else []:
            of_itself = name_of(line) == name_of(table.get("name", ""))
            others = re.match(r"[\w.-]+\s*\[([^\]]*)\]", line) if of_itself else None
            lines += optional(project, others[1].split(","), seen | {name}) if others else [line]
    return lines


def _of_extras(project: Table, extras: list[str]) -> set[str]:
    """The optional dependencies of Poetry's own table that extras of that table name."""
    named = project.get("tool", {}).get("poetry", {}).get("extras", {})
    known = {name_of(name): given for name, given in named.items()}
    of_project = {name_of(name) for name in project.get("project", {}).get("optional-dependencies", {})}
    missing = [name for name in extras if name_of(name) not in {*known, *of_project}]
    if missing:
        raise Refused(f"pyproject.toml has no extra {missing[0]}")
    return {name_of(one) for name in extras for one in known.get(name_of(name), [])}


def groups_of(project: Table, names: list[str]) -> list[str]:
    missing = [name for name in names if name not in project.get("dependency-groups", {})]
    if missing:
        raise Refused(f"pyproject.toml has no dependency group {missing[0]}")
    return [line for name in names for line in _group_lines(project, name)]


def _group_lines(project: Table, name: str) -> list[str]:
    """PEP 735."""
    lines: list[str] = []
    for one in project.get("dependency-groups", {}).get(name, []):
        lines += [one] if isinstance(one, str) else _group_lines(project, one["include-group"])
    return lines


def _of_lock(locked: Table | None) -> Table:
    """The lock has settled the version."""
    if locked is None:
        return {}
    source = locked.get("source", {})
    return {"ref": source["resolved_reference"]} if source.get("type") == "git" else {"version": "*"}


def _index(url: str, into: Requirements) -> None:
    if not re.match(r"https://pypi\.(org|python\.org)/simple/?$", url):
        into.options.append(f"--extra-index-url {url}")


def _line(name: str, entry: Any) -> str:
    """A dependency of Poetry or Pipenv."""
    if isinstance(entry, str):
        entry = {"version": entry}
    extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
    if "git" in entry:
        ref = next((entry[key] for key in ("ref", "rev", "tag", "branch") if key in entry), None)
        folder = f"#subdirectory={entry['subdirectory']}" if "subdirectory" in entry else ""
        line = f"{name}{extras} @ git+{entry['git']}{f'@{ref}' if ref else ''}{folder}"
    elif "path" in entry or "file" in entry:
        path = entry.get("path", entry.get("file"))
        if "://" not in path:
            if path.startswith(("/", "..")):
                raise Refused(f"{name}: {path} is outside of the project: a machine gets the project's folder alone")
            path = Path(path).absolute().as_uri()
        line = f"{name}{extras} @ {path}"
    elif "url" in entry:
        line = f"{name}{extras} @ {entry['url']}"
    else:
        line = f"{name}{extras}{specifiers(entry.get('version', '*'))}"
    markers = [entry[key] for key in ("markers",) if entry.get(key)]
    if entry.get("python"):
        markers += [f"python_full_version {one}" for one in _clauses(specifiers(entry["python"]))]
    if entry.get("platform"):
        markers.append(f'sys_platform == "{entry["platform"]}"')
    if not markers:
        return line
    return f"{line} ; " + " and ".join(f"({one})" for one in markers)


def _clauses(text: str) -> list[str]:
    return [re.sub(r"^([<>=!~]+)(.*)$", r'\1 "\2"', one) for one in text.split(",") if one]


def specifiers(version: str) -> str:
    """Poetry's constraints in the words of PEP 440: https://python-poetry.org/docs/dependency-specification/"""
    if "||" in version or " | " in version:
        raise Refused(f"a version {json.dumps(version)} with alternatives needs a poetry.lock: run poetry lock")
    return ",".join(one for part in re.split(r"[,\s]+(?=[~^<>=!*\d])", version.strip()) for one in _specifier(part))


def _specifier(part: str) -> list[str]:
    part = part.strip().replace(" ", "")
    match = re.fullmatch(r"([\^~])(?!=)(.+)", part)
    if match is None:
        if part in ("", "*"):
            return []
        return [part] if part[0] in "<>=!~" else [f"=={part}"]
    numbers = [int(one) for one in re.findall(r"\d+", re.match(r"[\d.]+", match[2])[0])]
    if match[1] == "~":
        kept = min(len(numbers), 2)
    else:
        kept = next((place + 1 for place, number in enumerate(numbers) if number), len(numbers))
    below = [*numbers[: kept - 1], numbers[kept - 1] + 1]
    return [f">={match[2]}", f"<{'.'.join(str(one) for one in below)}"]
