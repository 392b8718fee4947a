"""Which index a package is taken from: what the tool of the project means, and what uv makes of that."""

import json

import pytest
from listed_packages import serving


@pytest.fixture
def indexes(tmp_path):
    """One of everything, and one of a few things, old ones among them, as PyTorch's is."""
    with serving(tmp_path / "indexes") as indexes:
        indexes.hashes = {
            "flask": indexes.add("all", "flask", "2.0", "of all"),
            "torch": indexes.add("few", "torch", "1.0"),
        }
        indexes.add("few", "flask", "1.0", "of few")
        indexes.all, indexes.few = f"{indexes.url}/all/", f"{indexes.url}/few/"
        yield indexes


def test_a_list_with_another_index_gets_the_best_of_both_as_with_pip(project, indexes):
    project({"requirements.txt": f"--index-url {indexes.all}\n--extra-index-url {indexes.few}\nflask\ntorch\n"})
    assert project.installed() == {"flask==2.0", "torch==1.0"}
    project({"requirements.txt": f"--index-url {indexes.all} --extra-index-url {indexes.few}\nflask==2.0\ntorch\n"})
    assert project.installed() == {"flask==2.0", "torch==1.0"}


def test_what_comes_beside_the_project_is_looked_for_alike(project, indexes, tmp_path):
    project({"requirements.txt": f"--extra-index-url {indexes.few}\n"})
    for name in ("server", "sources"):
        assert "unsafe-best-match" in (tmp_path / "wanted" / name).read_text()


def test_the_one_with_the_hash_is_taken_where_both_have_a_version(project, indexes):
    indexes.add("few", "flask", "2.0", "of few")
    line = f"flask==2.0 --hash=sha256:{indexes.hashes['flask']}"
    project({"requirements.txt": f"--index-url {indexes.all}\n--extra-index-url {indexes.few}\n{line}\n"})
    assert project.installed() == {"flask==2.0"}


@pytest.mark.parametrize("priority", ["explicit", "supplemental", "primary"])
def test_a_lock_of_poetry_with_a_source_gets_the_versions_that_it_holds(project, indexes, priority):
    pyproject = f"""
[tool.poetry.dependencies]
flask = ">=1"
torch = {{version = "^1", source = "few"}}
[[tool.poetry.source]]
name = "few"
url = "{indexes.few}"
priority = "{priority}"
"""
    package = '[[package]]\nname = "{}"\nversion = "{}"\nfiles = [{{file = "x.whl", hash = "sha256:{}"}}]\n'
    source = f'[package.source]\ntype = "legacy"\nurl = "{indexes.few}"\nreference = "few"\n'
    lock = package.format("flask", "2.0", indexes.hashes["flask"]) + package.format("torch", "1.0", "0" * 64) + source
    project({"pyproject.toml": pyproject, "poetry.lock": lock.replace("0" * 64, indexes.hashes["torch"])})
    assert project.installed(UV_DEFAULT_INDEX=indexes.all) == {"flask==2.0", "torch==1.0"}


@pytest.mark.parametrize(
    ("markers", "installed"),
    [
        ("markers = 'sys_platform == \"{}\"'\n", "torch==1.0+cpu"),
        ("markers = {{main = 'sys_platform == \"{}\"'}}\n", "torch==1.0+cpu"),
        ("", "torch==1.5+cpu"),  # of a lock that does not say it, what the project allows
    ],
)
def test_of_two_versions_in_poetry_s_lock_the_one_for_this_machine_is_taken(project, indexes, markers, installed):
    indexes.add("all", "torch", "1.0")
    hashes = {version: indexes.add("few", "torch", version) for version in ("1.0+cpu", "1.5+cpu", "3.0+cpu")}
    pyproject = f"""
[tool.poetry.dependencies]
torch = [
    {{version = "^1", source = "few", platform = "linux"}},
    {{version = "^1", source = "pypi", platform = "darwin"}},
]
[[tool.poetry.source]]
name = "few"
url = "{indexes.few}"
priority = "explicit"
"""
    package = '[[package]]\nname = "torch"\nversion = "{}"\n{}files = [{{hash = "sha256:{}"}}]\n'
    lock = package.format("1.0+cpu", markers.format("linux"), hashes["1.0+cpu"])
    lock += package.format("1.0", markers.format("darwin"), "f" * 64)
    project({"pyproject.toml": pyproject, "poetry.lock": lock})
    assert project.installed(UV_DEFAULT_INDEX=indexes.all) == {installed}


def test_a_lock_of_pipenv_with_a_source_does_too(project, indexes):
    lock = {
        "_meta": {"sources": [{"url": "https://pypi.org/simple"}, {"url": indexes.few}]},
        "default": {"flask": {"version": "==2.0"}, "torch": {"version": "==1.0", "index": "few"}},
    }
    project({"Pipfile.lock": json.dumps(lock)})
    assert project.installed(UV_DEFAULT_INDEX=indexes.all) == {"flask==2.0", "torch==1.0"}


def test_an_index_in_uv_s_own_words_keeps_uv_s_meaning_the_first_that_knows_the_name(project, indexes):
    project({"requirements.txt": "flask\n--find-links ./wheels\n", "wheels/README": ""})
    assert project.installed(UV_DEFAULT_INDEX=indexes.all, UV_INDEX=indexes.few) == {"flask==1.0"}
    table = (
        f'[project]\nname = "a"\nversion = "1"\ndependencies = ["flask"]\n[[tool.uv.index]]\nurl = "{indexes.few}"\n'
    )
    project({"pyproject.toml": table}, "--requirements", "pyproject.toml")
    assert project.installed(UV_DEFAULT_INDEX=indexes.all) == {"flask==1.0"}
