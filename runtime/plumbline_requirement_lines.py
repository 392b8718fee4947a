"""The lines of requirements files, as pip reads them: https://pip.pypa.io/en/stable/reference/requirements-file-format/"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


class Refused(Exception):
    """What a project asks for cannot be installed; the text says why."""


@dataclass
class Requirements:
    """What uv is asked for, all paths in it as seen from the project's folder."""

    lines: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    """Files that uv reads itself."""
    extras: list[str] = field(default_factory=list)
    """Of those files."""
    constraints: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    """Where packages come from: for whatever else is installed, too."""


INDEXES = {"-i": "--index-url", "-f": "--find-links", "--pypi-url": "--index-url"}
SOURCES = ("--index-url", "--extra-index-url", "--find-links", "--no-index")
# Lines of pip that say how, not what. Hashes are checked wherever there are any.
WITHOUT_EFFECT = ("--prefer-binary", "--use-feature", "--trusted-host", "--require-hashes", "--no-cache-dir", "--pre")


def text_of(file: Path) -> str:
    """PowerShell's `pip freeze >` writes UTF-16."""
    data = file.read_bytes()
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return data.decode(encoding, errors="replace")


def logical_lines(text: str) -> Iterator[str]:
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        if line := re.sub(r"(^|\s)#.*$", "", line).strip():
            yield line


def read(file: Path, into: Requirements, lines: list[str] | None = None, seen: tuple[Path, ...] = ()) -> None:
    """Adds what a file and those that it includes ask for, its requirements to `lines`, if not to what is installed."""
    if not file.is_file():
        raise Refused(f"{file} does not exist" + (f" ({seen[-1]} includes it)" if seen else ""))
    if file in seen:
        return
    lines = into.lines if lines is None else lines
    for line in logical_lines(text_of(file)):
        option, value = _option(line)
        if option is None:
            lines.append(_requirement(line, file))
        elif option in ("-r", "--requirement", "-c", "--constraint"):
            read(
                _included(file, value),
                into,
                into.constraints if option in ("-c", "--constraint") else lines,
                (*seen, file),
            )
        elif option in ("-e", "--editable"):
            lines.append(f"-e {_inside(value, file)}")
        elif option in SOURCES:
            into.options.append(f"{option} {_place(value, file)}".strip())
        elif option in ("--no-binary", "--only-binary"):
            into.lines += [f"{option} {name}" for name in value.split(",")]
        elif option in WITHOUT_EFFECT:
            if option == "--pre":
                print(f"{file}: --pre has no effect here: name the version that is wanted")
        else:
            raise Refused(f"{file}: {option} is no line that is known here")


def _option(line: str) -> tuple[str | None, str]:
    if not line.startswith("-"):
        return None, line
    match = re.fullmatch(r"(--[a-z-]+|-[a-z])(?:\s*=\s*|\s*)(.*)", line)
    if match is None:
        return line, ""
    return INDEXES.get(match[1], match[1]), match[2].strip("\"'")


def _included(file: Path, name: str) -> Path:
    if "://" in name:
        raise Refused(f"{file}: {name} is not part of the project: put the file into it")
    return Path(_normal(file.parent / name))


def _requirement(line: str, file: Path) -> str:
    """pip takes a path from the folder that it runs in, which is that of the project."""
    if re.match(r"\.{1,2}(/|$|\[)", line):
        return _inside(line, file)
    return line


def _inside(path: str, file: Path) -> str:
    if "://" in path or " @ " in path:
        return path
    if path.startswith("/") or _normal(Path(re.split(r"[\[;\s]", path)[0])).startswith(".."):
        raise Refused(f"{file}: {path} is outside of the project: a machine gets the project's folder alone")
    return path if path.startswith(".") else f"./{path}"


def _place(value: str, file: Path) -> str:
    """A folder of wheels, from its file or from the project's folder."""
    if not value or re.match(r"[a-z]+:", value) or value.startswith("/"):
        return value
    beside = _normal(file.parent / value)
    return str(Path(beside if Path(beside).is_dir() else value).absolute())


def _normal(path: Path) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts) or "."


NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def name_of(line: str) -> str:
    """The package that a line asks for, as PyPI spells it; empty where only a path is given."""
    match = NAME.match(line)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""
