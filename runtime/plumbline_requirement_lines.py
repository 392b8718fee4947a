"""The lines of requirements files, as pip reads them: https://pip.pypa.io/en/stable/reference/requirements-file-format/"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


class Refused(Exception):
    """What a project asks for cannot be installed; the text says why."""


class Wrong(Exception):
    """What is wrong with a line."""


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

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
# Whether a line is meant as a requirement at all; uv says what is wrong with one. A variable may stand for any of it.
CLAUSE = r"(?:===|[=~!<>]=|[<>])\s*[^\s,;()=<>]+"
SPECIFIER = re.compile(
    rf"{NAME.pattern}\s*(\[[^\]]*\]\s*)?(@\s*\S+|\(?\s*{CLAUSE}(\s*,\s*{CLAUSE})*\s*,?\s*\)?)?\s*(;.*|--.*)?$|.*\$\{{"
)
PLACE = re.compile(r"\S*/|\S+\.(whl|zip|tgz|tar\.\w+)\b")


def text_of(file: Path) -> str:
    """PowerShell's `pip freeze >` writes UTF-16."""
    data = file.read_bytes()
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return data.decode(encoding, errors="replace")


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """With the number of the line that each begins in. A line that is a comment goes on in no other one."""
    joined, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first if joined else number
        joined += line
        if line.endswith("\\") and not re.match(r"\s*#", line):
            joined = f"{joined[:-1]} "
            continue
        if whole := re.sub(r"(^|\s)#.*$", "", joined).strip():
            yield first, whole
        joined = ""
    if whole := re.sub(r"(^|\s)#.*$", "", joined).strip():
        yield first, whole


def read(file: Path, into: Requirements, lines: list[str] | None = None, seen: tuple[Path, ...] = ()) -> None:
    """Adds what a file and those that it includes ask for, its requirements to `lines`, if not to what is installed."""
    if file in seen:
        return
    lines = into.lines if lines is None else lines
    for number, line in logical_lines(text_of(file)):
        try:
            if not line.startswith("-"):
                lines.append(_requirement(line))
            # several options may stand in one line
            for option in re.split(r"\s+(?=--?[a-z])", line) if line.startswith("-") else []:
                _take(*_option(option), file, into, lines, seen)
        except Wrong as wrong:
            raise Refused(f"{file}:{number}: {wrong}") from None


def _take(option: str, value: str, file: Path, into: Requirements, lines: list[str], seen: tuple[Path, ...]) -> None:
    if option in ("-r", "--requirement", "-c", "--constraint"):
        bounds = option in ("-c", "--constraint")
        read(_included(file, value), into, into.constraints if bounds else lines, (*seen, file))
    elif option in ("-e", "--editable"):
        lines.append(_editable(value))
    elif option in SOURCES:
        into.options.append(f"{option} {_place(value, file)}".strip())
    elif option in ("--no-binary", "--only-binary"):
        into.lines += [f"{option} {name}" for name in value.split(",")]
    elif option not in WITHOUT_EFFECT:
        raise Wrong(f"{option} is no line that is known here")
    elif option == "--pre":
        print(f"{file}: --pre has no effect here: name the version that is wanted")


def _option(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"(--[a-z-]+|-[a-z])(?:\s*=\s*|\s*)(.*)", text)
    if match is None:
        return text, ""
    return INDEXES.get(match[1], match[1]), match[2].strip("\"'")


def _included(file: Path, name: str) -> Path:
    if "://" in name:
        raise Wrong(f"{name} is not part of the project: put the file into it")
    included = Path(_normal(file.parent / name))
    if not included.is_file():
        raise Wrong(f"{included} does not exist")
    return included


def _requirement(line: str) -> str:
    """pip takes a path from the folder that it runs in, which is that of the project."""
    if re.match(r"\.{1,2}(/|$|\[)", line):
        return _inside(line)
    if not (SPECIFIER.match(line) or PLACE.match(line)):
        raise Wrong(f"{line} is no requirement, such as django>=5.2")
    return line


def _editable(value: str) -> str:
    """What is in no folder of the project is installed as it is: uv has no editable repositories."""
    repository = re.match(r"(git\+[^#\s]+)(?:#(\S*))?(.*)", value)
    if repository is None:
        return value if " @ " in value else f"-e {_inside(value)}"
    fragment = dict(one.partition("=")[::2] for one in (repository[2] or "").split("&"))
    name = f"{fragment['egg'].partition('==')[0]} @ " if fragment.get("egg") else ""
    folder = f"#subdirectory={fragment['subdirectory']}" if fragment.get("subdirectory") else ""
    return f"{name}{repository[1]}{folder}{repository[3]}"


def _inside(path: str) -> str:
    if "://" in path:
        return path
    if path.startswith("/") or _normal(Path(re.split(r"[\[;\s]", path)[0])).startswith(".."):
        raise Wrong(f"{path} is outside of the project: a machine gets the project's folder alone")
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


def name_of(line: str) -> str:
    """The package that a line asks for, as PyPI spells it; empty where only a path is given."""
    match = NAME.match(line)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""
