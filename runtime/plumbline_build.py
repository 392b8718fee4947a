"""What a build lacked, read from what uv said of it.

plumbline_build.py needs MANAGER PYTHON <OUTPUT     the packages of the operating system that bring it, a line
plumbline_build.py reason PYTHON <OUTPUT            why it failed, a line
plumbline_build.py bounded <OUTPUT                  its beginning, where uv says what failed, and its end
"""

import re
import sys
from pathlib import Path
from typing import BinaryIO

NEEDS = [
    line.split()
    for line in Path(__file__).with_name("plumbline_build_needs").read_text().splitlines()
    if not line.startswith("#")
]

# A build may write without end, to a disk that is memory. What uv says before it takes a few KiB, a compiler's last
# words fewer.
BEGINNING = 256 << 10
END = 1 << 20


def bounded(source: BinaryIO, target: BinaryIO) -> None:
    target.write(source.read(BEGINNING))
    end, left_out = b"", 0
    while more := source.read(END):
        end += more
        left_out += max(len(end) - END, 0)
        end = end[-END:]
    if left_out:
        target.write(b"\n(%d bytes are left out)\n" % left_out)
    target.write(end)


def failure(output: str) -> str:
    """From where uv tells that it failed: what is before names packages that went well."""
    start = re.search(r"^error: ", output, re.MULTILINE)
    return output[start.start() :] if start else ""


def needs(output: str, manager: str, python: str) -> list[str]:
    told = failure(output)
    words = {*re.findall(r"[\w+./-]+", told), *(name.lower() for name in re.findall(r"`([\w.-]+)==", told))}
    column = 0 if manager == "apt" else 1
    lacking = [line[column] for line in NEEDS if words & set(line[2:])]
    if "Failed to build" in told and (lacking or re.search(r"\bcompiler\b", told)):
        # for those that say so in words of their own; with others it saves a try
        lacking.append(NEEDS[0][column])
    found = ",".join(one for one in lacking if one != "-").replace("PYTHON", python).split(",")
    # Pythons that the operating system does not have bring their headers
    return [name for name in dict.fromkeys(found) if name and "/" not in name]


def reason_of(output: str, python: str = "") -> str:
    told = failure(output) or output
    built = re.search(r"Failed to build `([^`]+)`", told)
    refused = re.search(r"^hint: (An index URL \(.*authentication.*)", told, re.MULTILINE)
    if refused:
        return refused[1]
    if built is None:
        lines = [re.sub(r"^ *((cause|error): *)*", "", line).strip() for line in told.splitlines()]
        lines = [line for line in lines if line and not line.startswith(("hint:", "No solution found"))]
        if "error sending request" in told:  # and why is below that
            lines = [lines[0], lines[-1]]
        return " ".join(lines[:2]).replace("Because ", "", 1) if lines else "uv says nothing"
    return f"{built[1]} has no wheel for {python or 'this Python'} and cannot be built: {_cause(told[built.end() :])}"


def _cause(told: str) -> str:
    """What compilers and configuration scripts say, else the last line of the backend."""
    for form in (
        r"fatal error: (\S+: No such file or directory)",
        r"(cannot find -l\S+)",
        r"^ *\S+:\d+:\d+: (error: .*)",
        r"(Package '?\S+'?,? (?:(?!Package ).)*not found)",
        r"^ *((?:\w+\.)*\w*(?:Error|Exception): .*(?:\n +\S.*)?)",
        r"^ *(error: .*)",
    ):
        found = re.findall(form, told, re.MULTILINE)
        if found:
            return re.sub(r"\s+", " ", found[0 if ":\\d+" in form else -1])
    lines = [line.strip() for line in told.splitlines() if line.strip() and not line.startswith("hint:")]
    return lines[-1] if lines else "its build says nothing"


if __name__ == "__main__":
    sys.stdin.reconfigure(errors="replace")
    if sys.argv[1] == "bounded":
        bounded(sys.stdin.buffer, sys.stdout.buffer)
    elif sys.argv[1] == "needs":
        print(*needs(sys.stdin.read(), *sys.argv[2:]))
    else:
        print(reason_of(sys.stdin.read(), *sys.argv[2:]))
