"""Which of several causes is the one, in the forms that programs write."""

import pytest

import plumbline_reason
from plumbline_reason import reason


def traceback(error):
    return f'Traceback (most recent call last):\n  File "/srv/app/next/shop/x.py", line 1, in <module>\n{error}\n'


AND_THEN = "\nDuring handling of the above exception, another exception occurred:\n\n"


@pytest.mark.parametrize("error", plumbline_reason.LOOKUPS)
def test_what_is_looked_for_elsewhere_next_is_not_why(error):
    text = traceback(f"{error}: 'shop'") + AND_THEN + traceback("ValueError: no such shop")
    assert reason(text) == "ValueError: no such shop (shop/x.py:1)"


def test_an_error_that_says_no_more_than_the_first_is_not_why():
    first = traceback("socket.gaierror: [Errno -2] Name not known") + AND_THEN
    assert reason(first + traceback("x.Failed: Name not known")) == "gaierror: Name not known (shop/x.py:1)"
    more = traceback("x.Failed: database db: Name not known")
    assert reason(first + more) == "Failed: database db: Name not known (shop/x.py:1)"


def test_a_message_may_have_several_lines_and_not_many():
    assert reason(traceback("ValueError: one\n  two\nthree")) == "ValueError: one two three (shop/x.py:1)"
    many = traceback("\n".join(["ValueError: 1", *map(str, range(2, 20))]))
    assert reason(many).endswith(" 7 8 (shop/x.py:1)")


def test_a_connection_that_broke_is_why_pip_finds_nothing_and_no_more():
    broken = "WARNING: Retrying after connection broken by 'Error(\"<x>: [Errno -2] Name not known\")': /simple/shop/\n"
    assert reason(broken + "ERROR: No matching (from versions: none)\n") == "Name not known: /simple/shop/"
    assert reason(broken + "ERROR: shop 2 needs Python 3.14\n") == "shop 2 needs Python 3.14"


def test_a_host_that_refuses_is_told_with_how():
    for said, why in {
        "https://user:secret@pypi.example/simple/shop/ : 403 Forbidden for url": "pypi.example: 403 Forbidden",
        "`http://a.example:81/x`, 401 Unauthorized": "a.example:81: 401 Unauthorized",
        "(https://a.example) lack of valid authentication": "a.example: lack of valid authentication",
    }.items():
        assert reason(f"error: Failed to fetch\n  cause: {said}\n") == why


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            "2026-11-28 9:00:00 0 [ERROR] /usr/sbin/mariadbd: unknown variable 'x=1'",
            "/usr/sbin/mariadbd: unknown variable 'x=1'",
        ),
        ("0 [ERROR] [MY-000067] [Server] it is over", "[MY-000067] [Server] it is over"),
        ("0 [ERROR] Aborting", "Aborting"),
        ("FATAL:  could not map memory", "could not map memory"),
        ("Failed at step EXEC spawning /x: No such file", "Failed at step EXEC spawning /x: No such file"),
    ],
)
def test_a_server_that_does_not_start_says_why_in_its_own_form(line, why):
    assert reason(f"Starting\n{line}\nbye\n") == why


@pytest.mark.parametrize(("status", "said"), [(137, "SIGKILL"), (143, "SIGTERM")])
def test_a_step_that_was_ended_by_a_signal_is_told_so(status, said):
    assert said in reason("", status)


def test_a_table_that_cannot_be_read_is_told_with_its_file():
    text = "error: Failed to parse: `pyproject.toml`\n  Caused by: TOML parse error at line 1, column 2\n"
    assert reason(text) == "Failed to parse: `pyproject.toml`: TOML parse error at line 1, column 2"


def test_what_a_remote_says_is_why_where_there_is_nothing_and_no_progress_is():
    gone = "remote: Repository not found.\nfatal: repository 'https://git.example/a/' not found\n"
    assert reason(gone) == "Repository not found."
    assert reason("remote: Counting objects: 5\nfatal: early EOF\n") == "early EOF"


def test_the_last_line_of_what_a_command_line_refuses_is_why():
    refused = "Usage: celery\n\nError: Invalid value for '-A': \nUnable to load.\nThe module shop was not found.\n"
    assert reason(refused) == "The module shop was not found."
    assert reason("Error: Invalid value for '-c': 'x' is no number.\n") == "Invalid value for '-c': 'x' is no number."


def test_versions_that_exclude_one_another_are_named_with_who_asks():
    clauses = "Because shop==1 depends on six<1 and you require six>=1, we can conclude that it is over."
    assert reason(f"error: No solution\n  cause: {clauses}\n") == "shop==1 depends on six<1 and you require six>=1"


def test_advice_and_what_is_made_of_it_are_none_of_the_causes():
    said = """error: Failed to build `app @ file:///srv/app/next/app`
  cause: The build backend returned an error

         [stderr]
         Traceback (most recent call last):
           File "<string>", line 14, in <module>
         LookupError: no version without .git

         Make sure that there is one.

hint: Build failures usually indicate a problem with the package or the build environment
error: app has no wheel for Python 3.13 and cannot be built
"""
    assert reason(said) == "app: LookupError: no version without .git"
