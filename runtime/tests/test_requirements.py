"""Whatever a project names its packages with becomes one list for uv."""

import json
import sys
import tomllib
from pathlib import Path

import pytest
from listed_packages import SERVER

import plumbline_requirements


def test_a_list_for_production_is_found_where_there_is_none_at_the_top(project):
    found = project({"requirements/production.txt": "-r base.txt\nboto3\n", "requirements/base.txt": "flask\n"})
    assert found["requirements"] == ["flask", "boto3"]


def test_a_lock_is_taken_before_a_list(project):
    files = {"requirements.txt": "flask", "Pipfile.lock": json.dumps({"default": {"django": {"version": "==5.2"}}})}
    assert project(files)["requirements"] == ["django==5.2"]


def test_what_is_given_outright_is_taken_before_all(project):
    found = project({"requirements.txt": "flask", "deploy/list.txt": "django"}, "--requirements", "deploy/list.txt")
    assert found["requirements"] == ["django"]


def test_a_pyproject_with_nothing_but_settings_of_tools_names_no_packages(project):
    files = {"pyproject.toml": "[tool.ruff]\n", "requirements/base.txt": "flask"}
    assert project(files)["requirements"] == ["flask"]
    assert project({"requirements/base.txt": ""})["requirements"] == []


def test_a_project_of_setuptools_without_a_list_is_installed_as_the_package_that_it_is(project):
    package = {"setup.cfg": "[metadata]\nname = shop\n[options]\ninstall_requires =\n    flask\n"}
    assert project(package)["requirements"] == [f"-e {Path.cwd()}"]
    assert "none of" in project({"setup.cfg": "[flake8]\nmax-line-length = 88\n"}, fails=True)


@pytest.mark.parametrize("text", ["", "# later\n"])
def test_a_list_of_nothing_is_one_that_uv_installs(project, tmp_path, text):
    found = project({"requirements.txt": text})
    assert found["requirements"] == []
    assert found["arguments"][-2:] == ["-r", f"{tmp_path}/wanted/requirements.txt"]


def test_lines_are_read_as_pip_reads_them(project):
    text = """
    # a comment
    django==5.2 \\
        --hash=sha256:aa  # why
    -c bounds.txt
    --no-binary lxml,pillow
    -i https://packages.example/simple
    -f wheels
    -e .
    -e git+https://github.com/django/asgiref@abc#egg=asgiref
    ./packages/mine
    --prefer-binary
    --require-hashes
    """
    found = project({"requirements.txt": text, "bounds.txt": "asgiref<4", "wheels/README": ""})
    assert found["requirements"] == [
        *("django==5.2          --hash=sha256:aa", "--no-binary lxml", "--no-binary pillow", "-e ."),
        *("asgiref @ git+https://github.com/django/asgiref@abc", "./packages/mine"),
    ]
    assert found["constraints"] == ["asgiref<4"]
    assert found["sources"] == [
        "--index-url https://packages.example/simple",
        f"--find-links {Path('wheels').absolute()}",
    ]


def test_lists_that_include_one_another_are_read_once(project):
    files = {"requirements.txt": "-r more.txt\nflask\n", "more.txt": "-r requirements.txt\n-c more.txt\nredis\n"}
    assert project(files)["requirements"] == ["redis", "flask"]


def test_a_list_that_powershell_wrote_is_read(project):
    assert project({"requirements.txt": "flask==3.1\r\n".encode("utf-16")})["requirements"] == ["flask==3.1"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            "-e ../lib",
            "requirements.txt:1: ../lib is outside of the project: a machine gets the project's folder alone",
        ),
        (
            "../lib",
            "requirements.txt:1: ../lib is outside of the project: a machine gets the project's folder alone",
        ),
        ("flask\n-r other.txt", "requirements.txt:2: other.txt does not exist"),
        ("--frobnicate", "requirements.txt:1: --frobnicate is no line that is known here"),
    ],
)
def test_fails_what_a_machine_cannot_know(project, line, reason):
    assert project({"requirements.txt": line}, fails=True) == f"error: {reason}"


def test_fails_a_project_that_names_no_packages(project):
    assert project({"app.py": ""}, fails=True).startswith(
        "error: the project names no packages to install: none of uv.lock, "
    )


@pytest.mark.parametrize("line", ["gunicorn==23.0.0", "Gunicorn[gevent] >=20,<24 ; python_version > '3'", "gunicorn"])
def test_a_server_that_the_project_names_is_told_with_the_one_that_is_installed(project, line):
    said = project({"requirements.txt": f"flask\n{line} --hash=sha256:aa"})["said"]
    named = line.split(" ;")[0]
    ours = SERVER.replace("==", "[gevent]==") if "[" in named else SERVER
    assert said[-1] == f"requirements.txt names {named}; installed is {ours}, which the plan was checked with"
    assert project({"requirements.txt": "gunicorn-extras"})["said"] == ["packages of requirements.txt"]


PIPFILE_LOCK = {
    "_meta": {
        "sources": [{"name": "own", "url": "https://packages.example/simple"}, {"url": "https://pypi.org/simple"}]
    },
    "default": {
        "django": {"version": "==5.2", "hashes": ["sha256:aa", "sha256:bb"], "markers": "python_version >= '3.10'"},
        "psycopg": {"version": "==3.2", "extras": ["binary"]},
        "mine": {"git": "https://git.example/mine.git", "ref": "abc"},
    },
    "develop": {"pytest": {"version": "==8"}},
    "prod": {"boto3": {"version": "==1.40"}},
}


def test_the_lock_of_pipenv_gives_its_packages_and_the_categories_that_are_asked_for(project):
    found = project({"Pipfile.lock": json.dumps(PIPFILE_LOCK)}, "--group", "prod")
    assert found["requirements"] == [
        "django==5.2 ; (python_version >= '3.10') --hash=sha256:aa --hash=sha256:bb",
        "psycopg[binary]==3.2",
        "mine @ git+https://git.example/mine.git@abc",
        "boto3==1.40",
    ]
    assert found["sources"] == ["--extra-index-url https://packages.example/simple"]


def test_fails_a_category_that_the_lock_of_pipenv_lacks(project):
    reason = project({"Pipfile.lock": json.dumps(PIPFILE_LOCK)}, "--group", "web", fails=True)
    assert reason == "error: Pipfile.lock has no category web"


POETRY = """
[tool.poetry]
name = "mine"
[tool.poetry.dependencies]
python = "^3.11"
django = "^5.1"
uvicorn = {version = "~0.30", extras = ["standard"]}
mine = {git = "https://git.example/mine.git", branch = "main"}
colorama = {version = "*", platform = "win32"}
ldap3 = {version = "^2", optional = true}
[tool.poetry.group.prod.dependencies]
boto3 = ">=1.40"
[tool.poetry.group.dev.dependencies]
pytest = "^8"
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""
POETRY_LOCK = """
[[package]]
name = "django"
version = "5.2.1"
files = [{file = "d.whl", hash = "sha256:aa"}]
[[package]]
name = "mine"
version = "1.0"
[package.source]
type = "git"
resolved_reference = "abc"
"""


def test_a_poetry_project_without_a_lock_is_bounded_as_it_says(project):
    found = project({"pyproject.toml": POETRY})
    assert found["requirements"] == [
        "django>=5.1,<6",
        "uvicorn[standard]>=0.30,<0.31",
        "mine @ git+https://git.example/mine.git@main",
        'colorama ; (sys_platform == "win32")',
    ]
    assert found["itself"]


def test_the_lock_of_poetry_settles_versions_hashes_and_commits(project):
    found = project({"pyproject.toml": POETRY, "poetry.lock": POETRY_LOCK}, "--group", "prod")
    assert found["requirements"] == [
        "django",
        "uvicorn[standard]>=0.30,<0.31",
        "mine @ git+https://git.example/mine.git@abc",
        'colorama ; (sys_platform == "win32")',
        "boto3>=1.40",
    ]
    assert found["constraints"] == ["django==5.2.1 --hash=sha256:aa"]


@pytest.mark.parametrize(
    ("poetry", "pep440"),
    [
        *(("^1.2.3", ">=1.2.3,<2"), ("^0.2.3", ">=0.2.3,<0.3"), ("^0.0.3", ">=0.0.3,<0.0.4"), ("^0", ">=0,<1")),
        *(("~1.2.3", ">=1.2.3,<1.3"), ("~1", ">=1,<2"), ("~=1.2", "~=1.2"), ("1.2.*", "==1.2.*"), ("*", "")),
        *((">=1.2, <2", ">=1.2,<2"), ("1.2.3", "==1.2.3"), ("^1.2b1", ">=1.2b1,<2")),
    ],
)
def test_poetry_s_bounds_become_those_of_pep_440(poetry, pep440):
    from plumbline_lock_files import specifiers

    assert specifiers(poetry) == pep440


def test_dependency_groups_of_a_pyproject_are_asked_for_by_name(project):
    groups = '[dependency-groups]\nlogs = ["structlog"]\nprod = ["boto3", {include-group = "logs"}]\n'
    pyproject = f'[project]\nname = "mine"\nversion = "1"\ndependencies = ["flask", "gunicorn<24"]\n{groups}'
    found = project({"pyproject.toml": pyproject}, "--group", "prod")
    assert found["requirements"] == ["boto3", "structlog"]
    assert not found["itself"]
    assert found["said"][-1].startswith("pyproject.toml names gunicorn<24; installed is ")
    reason = project({}, "--group", "web", fails=True)
    assert reason == "error: pyproject.toml has no dependency group web"


EXTRAS = """
[project]
name = "my-shop"
version = "1"
dependencies = ["django"]
[project.optional-dependencies]
prod-db = ["psycopg", "my_shop[mail]"]
mail = ["boto3", "gunicorn==22"]
all = ["my-shop[prod-db, all]"]
"""
LOCK_WITH_EXTRAS = """
version = 1
revision = 3
requires-python = ">=3.11"
[[package]]
name = "django"
version = "5.2"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "psycopg"
version = "3.2"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "my-shop"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "django" }]
[package.optional-dependencies]
prod-db = [{ name = "psycopg" }]
[package.metadata]
provides-extras = ["prod-db"]
"""


def test_extras_of_a_pyproject_are_asked_of_uv_with_their_server_told(project):
    found = project({"pyproject.toml": EXTRAS}, "--extra", "all")
    at = found["arguments"].index("--extra")
    assert found["arguments"][at - 2 : at + 2] == ["-r", "pyproject.toml", "--extra", "all"]
    assert found["said"][-1].startswith("pyproject.toml names gunicorn==22; installed is ")


def test_extras_of_a_lock_of_uv_are_exported(project):
    files = {"pyproject.toml": EXTRAS, "uv.lock": LOCK_WITH_EXTRAS}
    assert project(files)["requirements"] == ["django==5.2"]
    assert project(files, "--extra", "prod-db")["requirements"] == ["django==5.2", "psycopg==3.2"]
    assert "`prodd`" in project(files, "--extra", "prodd", fails=True)


def test_a_lock_of_uv_is_exported_for_the_python_of_the_release_without_what_is_for_development(tmp_path):
    uv = tmp_path / "uv"
    uv.write_text('#!/bin/sh\nprintf "%s=" "$@"\n')
    uv.chmod(0o755)
    exported = plumbline_requirements.exported(tmp_path / "uv.lock", ["aws"], ["prod"], [str(uv), "python3.12"], None)
    assert exported.lines == [
        "export=-q=-p=python3.12=--frozen=--no-dev=--no-emit-project=--no-header=--no-annotate="
        f"--project={tmp_path}=--group=aws=--extra=prod="
    ]


def test_a_project_is_a_package_where_it_is_built_and_does_not_say_otherwise(project):
    built = '[build-system]\nrequires = []\n[project]\nname = "a"\n'
    assert project({"pyproject.toml": built})["itself"]


@pytest.mark.parametrize("says", ["[tool.uv]\npackage = false\n", "[tool.poetry]\npackage-mode = false\n"])
def test_a_project_that_says_so_is_no_package(project, says):
    assert not project({"pyproject.toml": f'[build-system]\nrequires = []\n[project]\nname = "a"\n{says}'})["itself"]


def test_uv_gets_no_list_that_is_empty_and_no_place_twice(project):
    found = project({"requirements.txt": "flask\n"})
    assert [Path(argument).name for argument in found["arguments"]] == [
        "--excludes", "servers.txt", "-r", "requirements.txt"
    ]  # fmt: skip
    twice = project({"requirements.txt": "-i https://a.example/\n-r more.txt\n", "more.txt": "-i https://a.example/\n"})
    assert twice["sources"] == ["--index-url https://a.example/"]


def test_nothing_is_said_of_a_server_that_is_the_one_that_is_installed(project):
    assert project({"requirements.txt": f"{SERVER}\n"})["said"] == ["packages of requirements.txt"]


def test_fails_a_table_that_cannot_be_read(project):
    reason = project({"pyproject.toml": "[project\n"}, fails=True)
    assert reason.startswith("error: pyproject.toml: Expected ']'")


def test_a_lock_of_pep_751_is_asked_for_extras(project):
    files = {"pylock.toml": 'lock-version = "1.0"\npackages = []\n'}
    assert project(files, "--extra", "prod")["arguments"][-2:] == ["--extra", "prod"]


@pytest.mark.parametrize("file", ["setup.py", "setup.cfg"])
def test_extras_of_setuptools_are_those_of_the_package(project, file):
    found = project({file: "install_requires = flask"}, "--extra", "prod", "--extra", "mail")
    assert found["requirements"] == [f"-e {Path.cwd()}[prod,mail]"]


def test_extras_of_poetry_s_own_table_bring_what_is_optional_there(project):
    table = POETRY + '[tool.poetry.extras]\nDirectory_Login = ["LDAP3"]\nmail = []\n'
    found = project({"pyproject.toml": table, "poetry.lock": POETRY_LOCK}, "--extra", "directory-login")
    assert found["requirements"][-1] == "ldap3>=2,<3"
    assert "ldap3>=2,<3" not in project({"pyproject.toml": table}, "--extra", "mail")["requirements"]
    reason = project({"pyproject.toml": table}, "--extra", "directory", fails=True)
    assert reason == "error: pyproject.toml has no extra directory"


def test_extras_of_the_project_s_table_under_poetry_may_name_one_another(project):
    files = {"pyproject.toml": EXTRAS + "[tool.poetry]\n", "poetry.lock": POETRY_LOCK}
    assert project(files, "--extra", "all")["requirements"] == ["django", "psycopg", "boto3", "gunicorn==22"]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("requirements.txt", "requirements.txt has no extras (prod): write -e .[prod] into it"),
        ("Pipfile.lock", "Pipfile.lock has no extras (prod): give dependencyGroups with its categories"),
    ],
)
def test_fails_extras_of_what_has_none(project, file, reason):
    assert project({file: "{}"}, "--extra", "prod", fails=True) == f"error: {reason}"


def test_a_list_names_the_extras_of_its_project_itself(project):
    assert project({"requirements.txt": "-e .[prod]\n"})["requirements"] == ["-e .[prod]"]


def test_a_lock_that_uv_reads_itself_is_given_to_it(project):
    found = project({"pylock.toml": '[[packages]]\nname = "gunicorn"\nversion = "23.0.0"\n'})
    assert found["requirements"] == []
    assert found["said"][-1].startswith("pylock.toml names gunicorn==23.0.0; installed is ")


UV_LOCK = f"""\
version = 1
requires-python = ">=3.11"

[[package]]
name = "django"
version = "5.2"
source = {{ registry = "https://pypi.org/simple" }}
wheels = [{{ url = "https://files.pythonhosted.org/django-5.2-py3-none-any.whl", hash = "sha256:{"a" * 64}" }}]

[[package]]
name = "mine"
version = "1.2"
source = {{ registry = "https://packages.example/simple" }}
wheels = [{{ url = "https://packages.example/mine-1.2-py3-none-any.whl", hash = "sha256:{"b" * 64}" }}]

[[package]]
name = "shop"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "django" }}, {{ name = "mine" }}]
"""
UV_PROJECT = """\
[project]
name = "shop"
version = "1"
requires-python = ">=3.11"
dependencies = ["django", "mine"]

[[tool.uv.index]]
name = "ours"
url = "https://packages.example/simple"
"""


@pytest.fixture
def locked(project, tmp_path):
    """What uv is asked for where a project has a lock of uv's."""

    def locked(pyproject):
        files = {"uv.lock": UV_LOCK, "pyproject.toml": pyproject}
        found = project(files, "--uv", str(Path(sys.executable).parent / "uv"))
        return found["requirements"], (tmp_path / "wanted/project").read_text().splitlines()

    return locked


def test_a_lock_of_uv_is_a_list_with_hashes(locked):
    requirements, _ = locked(UV_PROJECT)
    assert [line.split() for line in requirements] == [
        ["django==5.2", f"--hash=sha256:{'a' * 64}"],
        ["mine==1.2", f"--hash=sha256:{'b' * 64}"],
    ]


def test_a_lock_of_uv_with_an_explicit_index_stays_a_lock_that_says_where_each_package_is_from(locked, tmp_path):
    requirements, arguments = locked(f"{UV_PROJECT}explicit = true\n")
    assert requirements == []
    assert arguments[-2:] == ["-r", str(tmp_path / "wanted/pylock.toml")]
    packages = tomllib.loads((tmp_path / "wanted/pylock.toml").read_text())["packages"]
    assert [(one["name"], one["index"]) for one in packages] == [
        ("django", "https://pypi.org/simple"),
        ("mine", "https://packages.example/simple"),
    ]


def test_fails_groups_of_a_list_that_has_none(project):
    reason = project({"requirements.txt": ""}, "--group", "prod", fails=True)
    expected = "requirements.txt has no dependency groups (prod): give requirements with the file for production"
    assert reason == f"error: {expected}"


@pytest.mark.parametrize(
    "line", ["-r https://user:secret@packages.example/list.txt", "--Index https://secret@packages.example/simple"]
)
def test_no_message_shows_the_credentials_of_an_address(project, line):
    assert "secret" not in project({"requirements.txt": line}, fails=True)


def test_a_server_of_the_project_is_told_without_the_credentials_of_its_address(project):
    said = project({"requirements.txt": "gunicorn @ https://user:secret@packages.example/gunicorn.whl"})["said"]
    assert said[-1].startswith("requirements.txt names gunicorn @ https://****@packages.example/gunicorn.whl;")
