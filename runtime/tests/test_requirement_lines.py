"""Lines of requirements files mean what they mean to pip."""

import pytest
from listed_packages import SERVER


def lines(project, text):
    return project({"requirements.txt": text})["requirements"]


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        (
            "-e git+https://git.example/a/django-shop.git@0123abc#egg=django-shop",
            "django-shop @ git+https://git.example/a/django-shop.git@0123abc",
        ),
        (
            "--editable=git+ssh://git@git.example/a/b.git@main#egg=shop[mail]&subdirectory=libs/shop",
            "shop[mail] @ git+ssh://git@git.example/a/b.git@main#subdirectory=libs/shop",
        ),
        (
            "-e git+https://git.example/b.git#subdirectory=shop&egg=b",
            "b @ git+https://git.example/b.git#subdirectory=shop",
        ),
        ("-e git+https://git.example/b.git@v1#egg=b==1.0", "b @ git+https://git.example/b.git@v1"),
        ("-e git+https://git.example/b.git@v1", "git+https://git.example/b.git@v1"),
        ("-e b @ git+https://git.example/b.git@v1", "b @ git+https://git.example/b.git@v1"),
        ("-e ./libs/shop", "-e ./libs/shop"),
    ],
)
def test_a_repository_that_is_editable_is_installed_as_it_is(project, line, asked):
    assert lines(project, f"{line}\n") == [asked]


def test_one_line_may_hold_several_options(project):
    indexes = "-i https://a.example/simple --extra-index-url=https://b.example/ --trusted-host b.example"
    rest = "--no-index -f ./wheels -r more.txt"
    found = project({"requirements.txt": f"{indexes}\n{rest}\n", "more.txt": "flask"})
    assert [source.split()[0] for source in found["sources"]] == [
        *("--index-url", "--extra-index-url", "--no-index", "--find-links"),
    ]
    assert found["requirements"] == ["flask"]


def test_a_comment_ends_its_line_whatever_it_ends_in(project):
    assert lines(project, "# pip install \\\nclick\n  # and \\\nflask\n") == ["click", "flask"]
    assert lines(project, "click==8 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb\n    # via flask\nflask\n") == [
        "click==8    --hash=sha256:aa    --hash=sha256:bb",
        "flask",
    ]
    assert lines(project, "click\\") == ["click"]


@pytest.mark.parametrize(
    "line",
    [
        *(
            "django",
            "Django>=5.2,<6",
            "django == 5.2 ; python_version > '3.9'",
            "django[argon2, bcrypt]~=5.2",
            "a.b-c_d",
        ),
        *("shop (>=1,<2)", "shop===1.0+cpu.1", "shop==1.*;os_name=='nt'", "shop@https://x.example/a.whl", "shop!=1,"),
        *(
            "shop @ git+https://x.example/a@main ; os_name == 'nt'",
            "git+https://x.example/a",
            "https://x.example/a.zip",
        ),
        *("wheels/shop-1.0-py3-none-any.whl", "shop-1.0.tar.gz", "file:shop.whl", "shop==${VERSION}", "shop @ ./a-b"),
        *("shop==1 --hash=sha256:aa", "shop --global-option=x", "shop>=2024.1.dev0", "shop==1!2.0.post1"),
    ],
)
def test_what_is_a_requirement_is_left_to_uv(project, line):
    assert lines(project, line) == [line]


@pytest.mark.parametrize(
    "line", ["<<<<<<< HEAD", "=======", "pip install django", "django 5.2", "django=5.2", "django>"]
)
def test_fails_what_is_none_with_its_file_and_line(project, line):
    files = {"requirements.txt": "flask\n-r more.txt\n", "more.txt": f"# of the shop\n\nclick \\\n  >=8\n{line}\n"}
    assert project(files, fails=True) == f"error: more.txt:5: {line} is no requirement, such as django>=5.2"


@pytest.mark.parametrize(
    ("files", "server"),
    [
        ({"requirements.txt": "gunicorn[gevent,setproctitle]==21.2\n"}, "gunicorn[gevent,setproctitle]==27.0.1"),
        ({"requirements.txt": "Gunicorn [ gevent ] >=20\ngunicorn[tornado]"}, "gunicorn[gevent,tornado]==27.0.1"),
        ({"requirements.txt": "gunicorn==21.2\ngunicorn-x[gevent]\n"}, SERVER),
        (
            {"pyproject.toml": '[project]\nname = "a"\ndependencies = ["gunicorn[setproctitle]"]\n'},
            "gunicorn[setproctitle]==27.0.1",
        ),
    ],
)
def test_what_a_server_s_extras_bring_comes_with_ours(project, files, server):
    found = project(files)
    assert found["server"] == server
    assert project(files, "--server", "gunicorn[gevent]==27.0.1")["server"].startswith("gunicorn[gevent")


def test_bounds_of_the_project_hold_for_what_a_server_s_extras_bring(project):
    files = {
        "pyproject.toml": '[tool.poetry.dependencies]\ngunicorn = {version = "^21", extras = ["gevent"]}\n',
        "poetry.lock": "".join(
            f'[[package]]\nname = "{name}"\nversion = "{version}"\nfiles = [{{hash = "sha256:aa"}}]\n'
            for name, version in {"gevent": "24.11.1", "greenlet": "3.1", "gunicorn": "21.2"}.items()
        ),
    }
    assert "gevent==24.11.1 --hash=sha256:aa" in project(files)["requirements"]
