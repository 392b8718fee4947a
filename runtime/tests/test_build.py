"""What a build lacked is read from what uv said of it."""

import io
import time

import pytest

import plumbline_build
from plumbline_build import needs, reason_of

COMPILER = ["gcc", "libc6-dev", "libpython3-dev"]


def failed(package, *lines):
    """As uv 0.13.9 tells it."""
    return "\n".join(
        [
            "Resolved 2 packages in 1ms",
            "      Built lxml==4",
            f"error: Failed to build `{package}`",
            "  cause: The build backend returned an error",
            "  cause: Call to `setuptools.build_meta.build_wheel` failed (exit status: 1)",
            "",
            "         [stderr]",
            *(f"         {line}" for line in lines),
            "",
            "hint: Build failures usually indicate a problem with the package or the build environment",
        ]
    )


@pytest.mark.parametrize(
    ("package", "line", "packages"),
    [
        ("anything==1", "anything.c:1:10: fatal error: ffi.h: No such file or directory", "libffi-dev"),
        ("mysqlclient==2", "Exception: Can not find valid pkg-config name.", "pkg-config default-libmysqlclient-dev"),
        ("Psycopg2==2.9", "Error: pg_config executable not found.", "libpq-dev"),
        ("anything==1", "No such file or directory: 'curl-config'", "libcurl4-openssl-dev libssl-dev"),
        ("anything==1", "Cargo, the Rust package manager, is not installed or is not on PATH.", "cargo rustc"),
        ("anything==1", "no compiler: cc", ""),
        ("anything==1", "Exception: you need a C compiler to build this", ""),
    ],
)
def test_what_brings_it_is_known_by_what_is_lacking(package, line, packages):
    assert sorted(needs(failed(package, line), "apt", "python3")) == sorted([*COMPILER, *packages.split()])


def test_a_repository_of_git_needs_git_alone():
    said = "error: Git operation failed\n  cause: Git executable not found. Ensure that Git is installed and available."
    assert needs(said, "apt", "python3") == ["git"]
    assert needs(said, "dnf", "python3.13") == ["git-core"]


def test_amazon_linux_has_headers_for_each_python():
    said = failed("psycopg2==2.9", "Error: pg_config executable not found.")
    assert needs(said, "dnf", "python3.13") == ["libpq-devel", "gcc", "glibc-devel", "python3.13-devel"]


def test_nothing_is_lacking_where_no_sign_is_known():
    assert needs(failed("pycups==2", "fatal error: cups/cups.h: No such file or directory"), "apt", "python3") == []
    assert needs("Resolved lxml psycopg2 cc", "apt", "python3") == []


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (["x.c:1:2: fatal error: a/b.h: No such file or directory", "error: c"], "a/b.h: No such file or directory"),
        (["a.c:26:27: error: too few arguments", "b.c:2:2: error: more", "error: c"], "error: too few arguments"),
        (["ld: cannot find -lfoo: No such file", "error: c"], "cannot find -lfoo:"),
        (["Traceback", "ConfigurationError: Could not run foo-config"], "ConfigurationError: Could not run foo-config"),
        (["it is over"], "it is over"),
    ],
)
def test_the_reason_names_the_package_the_python_and_what_is_lacking(lines, cause):
    reason = f"pycups==2 has no wheel for Python 3.13.5 and cannot be built: {cause}"
    assert reason_of(failed("pycups==2", *lines), "Python 3.13.5") == reason


def test_the_reason_of_a_list_that_cannot_be_resolved_is_uv_s_in_one_line():
    said = (
        "error: No solution found when resolving dependencies\n"
        "  cause: Because the current Python version (3.11.7) does not satisfy Python>=3.13 and a==1 depends on it\n"
        "         And because you require a==1, we can conclude that your requirements are unsatisfiable.\n"
    )
    assert reason_of(said) == (
        "the current Python version (3.11.7) does not satisfy Python>=3.13 and a==1 depends on it "
        "And because you require a==1, we can conclude that your requirements are unsatisfiable."
    )


def test_the_reason_names_the_index_that_refuses_and_not_the_package_that_it_hides():
    said = (
        "error: No solution found when resolving dependencies\n"
        "  cause: Because mine was not found in the package registry and you require mine, [..]\n\n"
        "hint: An index URL (https://packages.example/simple) could not be queried due to a lack of valid "
        "authentication credentials (401 Unauthorized)\n"
    )
    assert reason_of(said).startswith("An index URL (https://packages.example/simple) could not be queried")


def test_a_package_is_known_by_its_name_however_it_is_spelled():
    assert needs(failed("PyCurl==7", "it did not work"), "apt", "python3") == needs(
        failed("pycurl==7", "it did not work"), "apt", "python3"
    )
    assert "libcurl4-openssl-dev" in needs(failed("PyCurl==7", "it did not work"), "apt", "python3")


def test_a_python_that_was_fetched_brings_its_own_headers():
    assert needs(failed("a==1", "no compiler: cc"), "dnf", "/opt/python/bin/python3.12") == ["gcc", "glibc-devel"]


def bounded(data):
    target = io.BytesIO()
    plumbline_build.bounded(io.BytesIO(data), target)
    return target.getvalue()


def test_of_an_output_without_end_the_beginning_and_the_end_are_kept():
    assert bounded(b"short\xff") == b"short\xff"
    whole = b"a" * plumbline_build.BEGINNING + b"b" * plumbline_build.END
    assert bounded(whole) == whole
    assert bounded(b"error: x\n" + b"-" * (9 << 20) + b"fatal error: y") == (
        b"error: x\n"
        + b"-" * (plumbline_build.BEGINNING - 9)
        + b"\n(%d bytes are left out)\n" % ((8 << 20) - plumbline_build.BEGINNING + 9 + 14)
        + b"-" * (plumbline_build.END - 14)
        + b"fatal error: y"
    )


def test_a_build_that_says_nothing_has_a_reason_too():
    assert reason_of("error: Failed to build `a==1`\n").endswith(" cannot be built: its build says nothing")


def test_a_reason_is_found_behind_more_than_is_kept():
    output = (
        b"error: Failed to build `a==1`\n"
        + b"cc -c a.c\n" * 300_000
        + b"a.c:1:1: fatal error: b.h: No such file or directory\n"
    )
    kept = bounded(output).decode()
    assert len(kept) < 1_400_000
    assert plumbline_build.reason_of(kept, "Python 3.13").endswith("cannot be built: b.h: No such file or directory")


@pytest.mark.parametrize(
    "hostile", ["a", " ", "1:", "Package ", "fatal error: ", "a.", "error: ", "Error: \n  ", "cannot find -l"]
)
def test_a_reason_is_found_at_once_in_a_text_that_repeats_itself(hostile):
    text = "error: Failed to build `a==1`\n" + hostile * ((1 << 20) // len(hostile))
    start = time.process_time()
    plumbline_build.reason_of(text)
    plumbline_build.needs(text, "apt", "python3")
    assert time.process_time() - start < 1
