"""The reason is one short line of printable text, whatever a step has written and however much."""

import os
import random
import subprocess
import sys
import time

import pytest

import plumbline_reason
from plumbline_reason import reason


def printed(folder, text, status=1):
    file = folder / "output"
    file.write_bytes(text)
    program = [sys.executable, "-I", plumbline_reason.__file__, str(status), str(file)]
    return subprocess.check_output(program, cwd=folder, timeout=10).decode()


def test_it_is_one_line_of_printable_text(tmp_path):
    text = b"ValueError: \x1b[31mred\x1b[0m \x07bell\x00 z\xc3\xbcrich \xff\r\nnext"
    assert printed(tmp_path, b"Traceback (most recent call last):\n  x\n" + text).startswith(
        "ValueError: red bell z rich"
    )
    for _ in range(50):
        line = printed_here(os.urandom(3000))
        assert line.isascii()
        assert line.isprintable()
        assert len(line) <= plumbline_reason.LONGEST_REASON


def printed_here(text):
    return reason(text.decode("utf-8", "replace"))


PARTS = [
    "Traceback (most recent call last):\n",
    "During handling of the above exception, another exception occurred:\n",
    "  + Exception Group Traceback (most recent call last):\n",
    "error: Failed to build `x`\n",
    "  cause: https://a https://b https://c " * 40 + "\n",
    "ERRORS:\n",
    "WARNING: connection broken by '[[[[::::" + ":" * 1500 + "\n",
    "E: Failed to fetch\n",
    "nginx: [emerg] x in /etc/passwd:1\n",
    "curl: (22) \n",
    " \n",
    "[ERROR] \n",
    "(" * 1900 + "\n",
]


@pytest.mark.parametrize("seed", range(3))
def test_it_is_found_in_seconds_in_whatever_a_step_writes(tmp_path, seed):
    text = "".join(random.Random(seed).choices(PARTS, k=20000)).encode()
    start = time.monotonic()
    assert printed(tmp_path, text).isascii()
    assert time.monotonic() - start < 5


HOSTILE = [
    *("a", " ", "1", ".", "'", "(", "[", "-", "a.", "a: ", "\n", "a\n", "\x1b[1", "<a.", 'File "', "in /x:1", "1:1:"),
    *(
        "http://",
        "https://a",
        "https://a@",
        "https://a ",
        "broken by ",
        "] ' ",
        "[ERROR] ",
        "Failed to and ",
        "' \"",
        "/bin/bash: ",
    ),
    *(
        "Traceback (most recent call last):\n",
        "error: ",
        "ERROR: x\n",
        "ERRORS:\n",
        "Because a, and ",
        "a User: b ",
        "E: ",
    ),
]
LONG = 1 << 20
BEGINNINGS = [
    "",
    "error: ",
    "  cause: ",
    "WARNING: broken by ] ",
    "nginx: [emerg] ",
    "[ERROR] ",
    "curl: (22) x\n",
    "https://",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_it_is_found_at_once_in_a_text_that_repeats_itself(tmp_path, capsys, hostile):
    file = tmp_path / "output"
    for beginning in BEGINNINGS:
        short = beginning + hostile * (1900 // len(hostile)) + "\n"
        for text in (short * (LONG // len(short)), beginning + hostile * (LONG // len(hostile))):
            file.write_text(text)
            start = time.process_time()
            plumbline_reason.main("1", file)
            assert time.process_time() - start < 1, (beginning, text[:200])
            assert capsys.readouterr().out.rstrip("\n").isprintable()


def test_what_is_said_after_the_causes_is_none_of_them():
    text = "error: Failed to fetch `https://x.example/simple/`\n  cause: refused\nerror: once more, in other words\n"
    assert reason(text) == "x.example: refused"


def test_where_a_step_has_said_nothing_its_status_is_told(tmp_path):
    assert printed(tmp_path, b"", 137) == "was killed (SIGKILL): out of memory?\n"
    assert printed(tmp_path, b"\n", 4) == "ended with status 4 and said nothing\n"


def test_what_the_kernel_has_killed_is_the_cause(tmp_path):
    text = b"collecting\nMemory cgroup out of memory: Killed process 812 (python) total-vm:1kB, anon-rss:2kB\n"
    assert printed(tmp_path, text) == "out of memory: Killed process 812 (python)\n"


def test_no_file_is_read_that_the_text_names(tmp_path):
    (tmp_path / "secrets").write_text("SECRET_KEY=abc\n")
    for file in (tmp_path / "secrets", f"/etc/nginx/../..{tmp_path}/secrets"):
        assert printed(tmp_path, f"nginx: [emerg] host not found in {file}:1\n".encode()) == (
            "[emerg] host not found (secrets:1)\n"
        )
