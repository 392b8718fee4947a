"""Why a step has failed, in one line: the cause, not the last thing that was said.

    plumbline_reason.py STATUS FILE

FILE holds what the step has written, which the application may have chosen: it is only read, and what is printed is one
line of printable ASCII. Events show 64 characters, so that what says most comes first. Run as `python3 -I`, it finds
no module beside it, with Python 3.9, the oldest of the operating systems.
"""

import itertools
import re
import sys
import textwrap

LONGEST = 256 << 10  # bytes of the end of FILE that are read
LONGEST_LINE = 2000
MOST_LINES = 20_000  # of the end: 13 bytes each, where those of programs have more
LONGEST_REASON = 400

CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
TRACEBACK = re.compile(r"(Exception Group )?Traceback \(most recent call last\):$")
EXCEPTION = re.compile(r"(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*)(?:: ?(.*))?$")
FRAME = re.compile(r'File "([^"]+)", line (\d+)')
# How libpq begins whatever it has to say of a connection.
SERVER = re.compile(
    r"^(?:connection failed: )?connection to server (?:at|on socket) \"([^\"]+)\""
    r"(?: \([^)]*\))?(?:, port (\d+))? failed: "
)
# Exceptions whose names say less than their messages.
SENTENCES = (
    "CommandError",
    "WrongCall",
    "Exception",
    "ImproperlyConfigured",
    "OperationalError",
    "RuntimeError",
    "SystemExit",
)
# Looked for elsewhere next: the start of a chain, and not its cause.
LOOKUPS = ("KeyError", "LookupError", "StopIteration")
# What systemd, gunicorn and Python's warnings say around a failure, and lines that point or advise.
NOISE = re.compile(
    r"^\W*$|^\W*(hint|note|help|HINT)\b|^See |^Job for |Traceback|^\S+\.service: (?!Failed (at step|to ))"
    r"|^(Start|Stopp)(ing|ed) |^\[\S+ \S+ \S+\] \[\d+\] \[(INFO|DEBUG|WARNING)\]"
    r"|\bWarning: |^WARNING|^Usage: |^Try '|^Type '"
    r"|exiting now$|Worker failed to boot|Shutting down: Master|Worker \(pid:\d+\) exited"
)


def reason(text, status=1):
    lines = [plain(line) for line in text.splitlines()[-MOST_LINES:]]
    if late := late_at(lines):
        return shortened(late)
    found = [(end, why) for end, why in (find(lines) for find in CAUSES) if why]
    if found:
        return shortened(max(found)[1])
    for find in (logged, last):
        why = find(lines)
        if why:
            return shortened(why)
    killed = {137: "was killed (SIGKILL): out of memory?", 143: "was ended (SIGTERM)"}
    return killed.get(status, f"ended with status {status} and said nothing")


def late_at(lines):
    """Of what plumbline_as_app.sh has ended: where in the application it was, if Python has said it."""
    late = re.match(r"still running after \d+ s$", last(lines))
    places = [place for line in lines for place in FRAME.findall(line) if place[0] != short(place[0])]
    where = f", at {short(places[-1][0])}:{places[-1][1]}" if late and places else ""
    return late and late[0] + where


def plain(line):
    """Without colours, and without the margin of an exception group."""
    return re.sub(r"^ *[|+] ?", "", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line[:LONGEST_LINE])).rstrip()


# Each finds one kind of cause: the line where it ends, and its text. What ends last is why the step ended.


def traceback(lines):
    """The first error of the last chain, unless a later one says all that it says and more."""
    end, chain = 0, []
    for start, line in enumerate(lines):
        if start < end or not TRACEBACK.search(line):
            continue
        stop, error = exception(lines, start)
        if error and error[0] == "HaltServer":  # gunicorn's master ends, for what a worker has said before
            end = stop
            continue
        between = [text for text in lines[end:start] if text and not text.startswith("-")]
        if not (chain and between and all(text.startswith(CHAINED) for text in between)):
            chain = chain if chain and not between and lines[start - 1].startswith("-") else []
        end, chain = stop, chain + ([error] if error else [])
    if not chain:
        return 0, ""
    name, message, place = most_telling([error for error in chain if not is_group(error)] or chain)
    if is_group((name,)):
        first = [number for number, line in enumerate(lines) if re.match(r"[-+]+ 1 -+$", line)]
        match = EXCEPTION.match(lines[first[-1] + 1]) if first and first[-1] + 1 < len(lines) else None
        name, message = (match[1], match[2] or "") if match else (name, message)
    if name == "SystemCheckError":
        return len(lines), checks(lines)[1]
    return end, named(name, message) + (f" ({place})" if place else "")


def is_group(error):
    return error[0].endswith("ExceptionGroup")


def exception(lines, start):
    """Where it ends, and its name, message, and the last place in the application. It may be indented."""
    stop, places = start + 1, []
    margin = re.match(" *", lines[start])[0]
    while stop < len(lines) and (lines[stop].startswith(f"{margin} ") or not lines[stop]):
        places += FRAME.findall(lines[stop])
        stop += 1
    within = stop < len(lines) and lines[stop].startswith(margin)
    match = EXCEPTION.match(lines[stop][len(margin) :]) if within else None
    if not match:
        return stop, None
    stop += 1
    message = [match[2] or ""]
    # gunicorn writes the message once more
    while (
        stop < len(lines)
        and lines[stop]
        and not re.match(r"[\[-]|.*Traceback|(During|The above)\b", lines[stop])
        and lines[stop] != message[0]
    ):
        message.append(lines[stop].strip())
        stop += 1
    own = [place for place in places if "/site-packages/" not in place[0] and "/lib/python" not in place[0]]
    if match[1] in ("SyntaxError", "IndentationError", "TabError"):
        own = places
    own = [place for place in own if not re.search(r"/plumbline_\w+\.py$|^<", place[0])]
    message = [text for text in message[:8] if re.search(r"\w", text)]
    return stop, (match[1], " ".join(message), f"{short(own[-1][0])}:{own[-1][1]}" if own else "")


def most_telling(chain):
    while len(chain) > 1 and chain[0][0] in LOOKUPS:
        chain = chain[1:]
    first = chain[0]
    core = re.sub(r"^\[Errno -?\d+\] ", "", first[1]).strip("'\" ")
    for later in chain[1:]:
        if core and core in later[1] and len(later[1]) >= len(first[1]):
            return later
    return first


def named(name, message):
    message = re.sub(r"^\d+ validation errors? for \w+ ", "", message)
    message = re.sub(r"\[Errno -?\d+\] ", "", message)
    message = re.sub(r"^\(\d+, ['\"](.*)['\"]\)$", r"\1", message)
    message = SERVER.sub(lambda match: f"{match[1]}{':' if match[2] else ''}{match[2] or ''}: ", message)
    message = message.partition(" Is the server running")[0]
    message = re.sub(r"<(?:\w+\.)*(\w+) object at 0x[0-9a-f]+>", r"\1", message)
    message = re.sub(r"partially initialized module (\S+) \(most likely due to a", r"\1 (", message).replace(
        "( circular", "(circular"
    )
    unwritable = re.match(r"Read-only file system: ('[^']*')", message)
    if unwritable:
        return f"{unwritable[1]} cannot be written: /var/lib/app can, which is HOME; a release is read-only"
    if name in SENTENCES and message:
        return message
    return f"{name}: {message}" if message else name


def checks(lines):
    """Django's system checks: the first error."""
    for number, line in enumerate(lines):
        if line == "ERRORS:":
            following = [text for text in lines[number + 1 :] if text]
            return len(lines), re.sub(r"^\?: ", "", following[0]) if following else ""
    return 0, ""


def nginx(lines):
    """With the directive, which not every message names."""
    for number, line in enumerate(lines):
        match = re.match(
            r"(?:nginx: |[\d/]+ [\d:]+ )(\[(?:emerg|crit|alert)\] )(?:\d+#\d+: )?(.*?)(?: in (/\S+):(\d+))?$", line
        )
        if match:
            level, message, file, row = match.groups()
            return number + 1, f"{level}{message}{place_in(file, row, message)}"
    return 0, ""


def place_in(file, row, message):
    """Whoever wrote the text may have named any file: only nginx' own are read."""
    if not file:
        return ""
    directive = ""
    if "directive" not in message and re.match(r"/etc/nginx/[\w.-]+$", file):
        try:
            with open(file, encoding="utf-8", errors="replace") as opened:
                directive = opened.read(LONGEST).splitlines()[int(row) - 1].split()[0].rstrip(";{}")
        except (OSError, IndexError):
            directive = ""
    return f" ({directive + ', ' if directive else ''}{file.rpartition('/')[2]}:{row})"


def resolver(lines):
    """uv: what failed, and its causes, the last of which is the first."""
    for number, line in enumerate(lines):
        match = re.match(r"(?:error: | *\u00d7 )(.*)", line)
        if not match:
            continue
        # what follows is advice, and what plumbline_build.sh makes of it
        told = list(itertools.takewhile(lambda text: not re.match("hint: |error: ", text), lines[number + 1 :]))
        causes = re.split(r"^ *(?:cause: |Caused by: |[\u2570\u251c]\W+)", "\n".join(told), flags=re.M)[1:]
        causes = [cause.partition("\n\n")[0] for cause in causes]
        refused = next((why for why in map(unauthorized, lines) if why), "")
        if refused:
            return len(lines), refused
        if causes and "--- stderr" in causes[-1]:
            return len(lines), git_of_uv(" ".join([match[1], *told]), causes[-1])
        elsewhere = OTHER_VERSIONS.search(" ".join("\n".join(lines).split()))
        if elsewhere:
            return len(lines), f"{elsewhere[1]} is asked first, and has no {elsewhere[2]}"
        excluding = [cause for cause in causes if "Because" in cause]
        built = re.match(r"Failed to (?:\w+ and )*build `?([^`]*)`?", match[1])
        if excluding:
            return len(lines), because(" ".join(excluding[0].split()))
        fetched = any(cause.startswith("Failed to fetch") for cause in causes)
        if built and not fetched:
            return len(lines), f"{built[1].partition(' @')[0]}: {compiled(told, causes)}"
        if match[1].startswith("The build backend"):  # of a folder whose package has no name yet
            return len(lines), compiled(told, causes)
        if causes and match[1].startswith("Couldn't parse requirement"):  # in a list of ours, not in the project's
            why, asked = [*causes[0].splitlines(), ""][:2]
            return len(lines), f"{asked.strip()}: {why}"
        if causes:
            host = re.search(r"https?://(?:[^/@\s]*@)?([^/\s`]+)", match[1] + causes[0])
            why = " ".join(causes[-1].replace("^", "").split()).replace("failed to lookup address information: ", "")
            if why.startswith("TOML parse error"):  # which says where, and not what of
                return len(lines), f"{match[1]}: {why}"
            return len(lines), f"{host[1]}: {why}" if host else f"{why} ({match[1]})"
        # the other programs that begin so are found by the kinds that come later
        return number + 1, match[1]
    return 0, ""


def git_of_uv(told, cause):
    """uv wraps what it tells, and what git has told it."""
    place = re.search(r"://(?:[^/@\s]*@)?([^/@\s`]+)", told.partition(" cause: ")[0]) or re.search(r"`([^`\s]+)", told)
    said = " ".join(cause.partition("--- stderr")[2].split())
    why = re.search(r"\bfatal: (?:unable to access '[^']*': )?(.*?)(?= (?:fatal|hint): |$)", said)
    # ssh has said why before git says that it was in vain
    before = said.partition("fatal: ")[0].strip()
    why = why[1] if why and not (before and why[1].startswith("Could not read from remote")) else before
    why = re.sub(r"^(error|ssh): ", "", why)
    return f"{place[1]}: {why}" if place else why


def compiled(lines, causes):
    """What a build says before it gives up."""
    stderr = "\n".join(lines).partition("[stderr]\n")[2].partition("\n\n")[0]
    stderr = textwrap.dedent(stderr).splitlines()
    _, error = traceback(stderr)
    said = [
        line.strip() for line in lines if re.search(r"\berror: |not found|No such file", line) and "hint" not in line
    ]
    fatal = [line.partition("fatal error: ")[2] for line in said if "fatal error: " in line]
    found = [*fatal[:1], *([error] if error else []), *said[:1], *stderr[-1:], " ".join("".join(causes[-1:]).split())]
    return re.sub(r"^(\S+:\d+:\d+: )?((cause|error): )?(`/[^`]*` )?", "", found[0].strip())


def unauthorized(line):
    """The first host of a line that goes on to say that it was refused."""
    host = re.search(r"https?://(?:[^/@\s]*@)?([^/\s)`]+)", line)
    why = re.search(r"40[13] \w+|lack of valid authentication", line[host.end() :]) if host else None
    return f"{host[1]}: {why[0]}" if why else ""


OTHER_VERSIONS = re.compile(
    r"was found on https?://(?:[^/@\s]*@)?([^/\s,]+)\S*, but not at the requested version \(([^)\s]+)"
)
CLAUSES = re.compile(
    r"has no (usable|wheels|matching|publi)|(was|were) not found|no versions? of|is not available|does not satisfy"
)


def because(text):
    """A clause that says what there is not explains all the others."""
    sentences = [
        part.partition(", we can conclude")[0].strip(" ,.")
        for part in re.split(r"(?:And b|B|, b)ecause ", text)
        if part.strip()
    ]
    clauses = [clause.strip(" ,.") for sentence in sentences for clause in re.split(r",? and ", sentence)]
    missing = next((clause for clause in clauses if CLAUSES.search(clause)), None)
    if missing:
        return missing
    depends = [clause for clause in clauses if " depend" in clause]
    required = [clause for clause in clauses if clause.startswith("you require")]
    conflict = [*depends[:1], *required[-1:]]
    return re.sub(r"\ball versions of ", "", " and ".join(conflict)) or sentences[0]


def pip(lines):
    """Its first error, and where it found nothing at all, what it met on the way."""
    broken = [
        match
        for match in (
            re.match(r".*[:\]] ([^:\[\]]*[^:\[\]'\")])['\")]+: (/\S+)", line.partition("broken by ")[2])
            for line in lines
        )
        if match
    ]
    for number, line in enumerate(lines):
        if line.startswith("ERROR: "):
            empty = "from versions: none" in line
            return number + 1, f"{broken[0][1]}: {broken[0][2]}" if broken and empty else line[7:]
    return 0, ""


def packages(lines):
    """apt, whose first line is the cause, and dnf."""
    for number, line in enumerate(lines):
        match = re.match(r"E: (?:Failed to fetch (\S+) +)?(.*)", line)
        if match:
            file = (match[1] or "").rpartition("/")[2]
            return len(lines) - lines[::-1].index(line), match[2] + (f" ({file})" if file else "")
        match = re.match(r"(?:Error: |  - Curl error |Error downloading packages:)(.*)", line)
        if match:
            following = [text.strip(" -") for text in lines[number + 1 :] if re.match(r" +(-|Problem)", text)]
            return number + 1, match[1] or " ".join(following[-1:])
    return 0, ""


def click(lines):
    """Celery and other command lines: what the error ends with."""
    for number, line in enumerate(lines):
        if re.match(r"Error: Invalid value for", line):
            block = [text.strip() for text in lines[number:] if text.strip()]
            return number + len(block), block[-1] if len(block) > 1 else line
    return 0, ""


def git(lines):
    said = [line for line in lines if line.startswith("fatal: ")]
    if not said:
        return 0, ""
    message = re.sub(r"^fatal: (unable to access '[^']*': )?", "", said[0])
    remote = [line[8:] for line in lines if line.startswith("remote: ") and line[8:].strip()]
    return len(lines) - lines[::-1].index(said[-1]), (remote[0] if remote and "not found" in message else message)


def curl(lines):
    """With the host, where the line after is the address, since most of its errors name none; with what AWS says, whose
    code and message stand there."""
    for number, line in enumerate(lines):
        match = re.match(r"curl: \((\d+)\) (.*)", line)
        if match:
            addresses = [re.match(r"https?://([^/\s]+)\S*$", following) for following in lines[number + 1 :]]
            host = next((address[1] for address in addresses if address), "")
            said = [] if host else lines[number + 1 :]
            said = " ".join(" ".join(said).split())
            refused = re.search(r"\b(\w+) User: (\S+) is not authorized to perform:? (.*)", said)
            if match[1] != "22" or not said:
                return number + 1, match[2] if not host or host in match[2] else f"{host}: {match[2]}"
            return len(
                lines
            ), f"{refused[1]} {refused[3].replace('on resource: ', 'on ')} ({refused[2]})" if refused else said
    return 0, ""


def servers(lines):
    """Redis, PostgreSQL, MariaDB, and what systemd cannot even begin."""
    for number, line in enumerate(lines):
        if "FATAL CONFIG FILE ERROR" in line:
            rest = [text for text in lines[number + 1 :] if text]
            return number + len(rest), f"{rest[-1]}: {rest[1].lstrip('> ')}" if len(rest) > 2 else line
        match = re.search(r"\[ERROR\] (Connection in use: .*)", line)
        if match:
            return len(lines), match[1]
        match = re.search(r"(?:\bFATAL: +|Failed (?=at step|to locate))(.*)", line)
        if match and not line.startswith("psycopg"):
            return number + 1, match[0] if match[0].startswith("Failed") else match[1]
        error = line.partition("[ERROR] ")[2]
        if re.match(r"\[MY|Fatal|Aborting|.*unknown", error):
            return number + 1, error
    return 0, ""


def memory(lines):
    for number, line in enumerate(lines):
        if re.search(r"[Oo]ut of memory: Killed process", line):
            return number + 1, re.sub(r".*([Oo]ut of memory: Killed process \d+ \([^)]*\)).*", r"\1", line)
        match = re.search(r"was sent SIGKILL! Perhaps out of memory\?|Failed with result 'oom-kill'", line)
        if match:
            return number + 1, f"a process {match[0]}"
    return 0, ""


CAUSES = (traceback, checks, nginx, resolver, pip, packages, click, git, curl, servers, memory)


def logged(lines):
    """The last line that calls itself an error, where no kind that is known does."""
    errors = [
        line for line in lines if re.search(r"\[ERROR\]|\b\w*Error: |\berror: |\bfatal: |command not found", line)
    ]
    errors = [line for line in errors if not NOISE.search(line)]
    return re.sub(r"^.*?\[(ERROR|CRITICAL)\]", "", errors[-1]) if errors else ""


def last(lines):
    meaning = [line for line in lines if not NOISE.search(line)]
    return meaning[-1] if meaning else ""


def short(path):
    """As it is called in the release."""
    return re.sub(r"^/(?:srv/app/(?:releases/[^/]+|next|current)|dev/fd)/(?:\./)?", "", path)


def shortened(text):
    text = re.sub(r"/srv/app/(?:releases/[^/\s]+|next|current)/", "", text)
    text = re.sub(r"^ *(?:error|ERROR|Error): |^(?:ERROR|CRITICAL):[\w.]*:", "", text)
    text = re.sub(r"(?:/usr)?/bin/bash: line \d+: |^\S*bash: (?:line \d+: )?|^/dev/fd/\d+: line \d+: ", "", text)
    text = "".join(letter if " " <= letter <= "~" else " " for letter in text)
    return " ".join(text.split())[:LONGEST_REASON]


def main(status, file):
    with open(file, "rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(size - LONGEST, 0))
        text = opened.read(LONGEST).decode("utf-8", "replace")
    print(reason(text, int(status)))


if __name__ == "__main__":
    main(*sys.argv[1:])
