"""Files of a project that are not what they should be are told by name, in a sentence."""

import pytest

MARKERS = "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> main\n"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("Pipfile.lock", MARKERS, "Pipfile.lock: Expecting value: line 1 column 1 (char 0)"),
        ("Pipfile.lock", "", "Pipfile.lock: Expecting value: line 1 column 1 (char 0)"),
        ("Pipfile.lock", "[]", "Pipfile.lock: the whole is [], where a table is meant"),
        ("Pipfile.lock", '{"default": ["flask"]}', 'Pipfile.lock: default is ["flask"], where a table is meant'),
        (
            "Pipfile.lock",
            '{"default": {"flask": 3}}',
            "Pipfile.lock: default.flask is 3, where a text or a table is meant",
        ),
        (
            "pyproject.toml",
            '[project]\ndependencies = "click"',
            'pyproject.toml: project.dependencies is "click", where a list is meant',
        ),
        (
            "pyproject.toml",
            "[project]\ndependencies = [1]",
            "pyproject.toml: project.dependencies[0] is 1, where a text is meant",
        ),
        ("pyproject.toml", "project = 1", "pyproject.toml: project is 1, where a table is meant"),
        (
            "pyproject.toml",
            '[tool.poetry]\ndependencies = ["flask"]',
            'pyproject.toml: tool.poetry.dependencies is ["flask"], where a table is meant',
        ),
        ("pyproject.toml", "[tool]\npoetry = 2024-01-01", "pyproject.toml: tool.poetry is"),
        ("poetry.lock", MARKERS, "poetry.lock: Invalid statement (at line 1, column 1)"),
        ("poetry.lock", 'package = "flask"', 'poetry.lock: package is "flask", where a list is meant'),
        ("poetry.lock", '[[package]]\nname = "flask"', "poetry.lock lacks 'version'"),
        ("poetry.lock", "[[package]]\nname = 1", "poetry.lock: package[0].name is 1, where a text is meant"),
        ("pylock.toml", '[[packages]]\nname = ["a"]', 'pylock.toml: packages[0].name is ["a"], where a text is meant'),
        ("uv.lock", "package = 1", "uv.lock: package is 1, where a list is meant"),
    ],
)
def test_fails_with_the_name_of_the_file(project, name, text, reason):
    assert project({name: text}, fails=True).startswith(f"error: {reason}")
