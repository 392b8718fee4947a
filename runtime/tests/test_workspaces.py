"""An application in a member of uv's workspace gets what that member asks for, with the lock of the root."""

from pathlib import Path

import pytest

WORKSPACE = '[tool.uv.workspace]\nmembers = ["services/*", "libs/*"]\n'
BUILT = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def table(name, *dependencies):
    return (
        f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = {list(dependencies)}\n'
    )


def locked(name, version, source, *dependencies):
    asked = ", ".join(f'{{ name = "{one}" }}' for one in dependencies)
    return f"""
[[package]]
name = "{name}"
version = "{version}"
source = {{ {source} }}
dependencies = [{asked}]
"""


PYPI = 'registry = "https://pypi.org/simple"'
FILES = {
    "pyproject.toml": table("shop", "blinker") + WORKSPACE,
    "services/web/pyproject.toml": table("web", "flask", "core") + "[tool.uv.sources]\ncore = { workspace = true }\n",
    "services/web/src/web/__init__.py": "",
    "services/mail/pyproject.toml": table("mail-service", "boto3") + BUILT,
    "libs/core/pyproject.toml": table("core", "redis") + BUILT,
    "uv.lock": 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n[manifest]\n'
    'members = ["core", "mail-service", "shop", "web"]\n'
    + "".join(locked(name, "3.0", PYPI) for name in ("blinker", "boto3", "flask", "redis"))
    + locked("core", "1", 'editable = "libs/core"', "redis")
    + locked("mail-service", "1", 'editable = "services/mail"', "boto3")
    + locked("shop", "1", 'virtual = "."', "blinker")
    + locked("web", "1", 'virtual = "services/web"', "core", "flask"),
}


@pytest.mark.parametrize("folder", ["services/web", "services/web/src/web"])
def test_the_member_of_the_application_is_installed_with_what_it_asks_of_others(project, folder):
    found = project(FILES, "--application", folder)
    assert found["requirements"] == ["-e ./libs/core", "flask==3.0", "redis==3.0"]
    assert found["said"] == ["packages of uv.lock for services/web"]
    assert not found["itself"]


def test_a_member_that_is_a_package_is_installed_itself(project):
    found = project(FILES, "--application", "services/mail")
    assert found["requirements"] == ["boto3==3.0"]
    assert found["itself"] == str(Path("services/mail").absolute())


@pytest.mark.parametrize("folder", [".", "site", "services"])
def test_elsewhere_it_is_the_root(project, folder):
    assert project(FILES, "--application", folder)["requirements"] == ["blinker==3.0"]


def test_a_workspace_may_lie_in_a_folder_of_the_repository(project):
    files = {f"python/{name}": text for name, text in FILES.items()}
    options = ("--requirements", "python/uv.lock", "--application", "python/services/web")
    assert project(files, *options)["requirements"] == ["-e ./python/libs/core", "flask==3.0", "redis==3.0"]


def test_an_index_that_only_the_member_names_for_its_own_stays_in_the_lock(project, tmp_path):
    index = '[[tool.uv.index]]\nname = "own"\nurl = "https://own.example/simple"\nexplicit = true\n'
    files = {**FILES, "services/mail/pyproject.toml": FILES["services/mail/pyproject.toml"] + index}
    found = project(files, "--application", "services/mail")
    assert found["arguments"][-1] == str(tmp_path / "wanted/pylock.toml")
