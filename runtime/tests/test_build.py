"""What a build lacked is read from what uv said of it."""

import pytest

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
