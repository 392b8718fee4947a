"""Applications as their users write them: Flask, FastAPI and Django, each with its own way to name its packages, and
small ones that each stand for a kind of project."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rig.instances import client
from rig.machine import Machine
from rig.shared_machines import SharedMachines, Wanted

APPS = Path(__file__).parent / "apps"
STACK = "npx tsx test/machine/apps/stack.ts"
ANY_APPLICATION = "npx tsx test/machine/apps/wanted.ts"


@pytest.fixture(scope="module")
def with_lock(tmp_path_factory) -> Path:
    """The Django project with a lock of today: a lock names the registry that it was made with."""
    folder = tmp_path_factory.mktemp("shop") / "django"
    shutil.copytree(APPS / "django", folder)
    project = folder / "pyproject.toml"
    project.write_text(project.read_text().replace("a-package-that-no-machine-needs", "tomli"))
    uv = Path(sys.prefix) / "bin" / "uv"
    subprocess.run([uv, "lock", "--quiet", "--system-certs", "--python", sys.executable], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def contexts(request, shared: SharedMachines, with_lock: Path) -> dict[str, dict[str, str]]:
    """By application; all that are asked for are booted."""
    every = {name: {"application": name} for name in ("flask", "fastapi", "django", "packages", "monorepo")}
    every["django"]["directory"] = str(with_lock)
    asked = {item.cls.APPLICATION: None for item in request.session.items if item.path == request.path and item.cls}
    shared.prepare(Wanted(every[name], STACK) for name in asked)
    return every


@pytest.fixture
def machine(request, shared: SharedMachines, contexts: dict[str, dict[str, str]]) -> Machine:
    return shared(contexts[request.cls.APPLICATION], STACK)


class TestFlaskWithRequirements:
    APPLICATION = "flask"

    def test_answers_through_the_load_balancer(self, machine):
        assert machine.get("/").text == "Flask answers"

    def test_health_is_answered_for_it_to_the_load_balancer_alone(self, machine):
        assert machine.direct.get("/health").text == "ok\n"
        assert machine.balancer.target_health() == "UP"
        assert machine.get("/health").status == 404  # a client asks the application, which has no such view

    def test_django_s_extras_stay_away(self, machine):
        assert "DJANGO" not in machine.run("cat /etc/gunicorn/environment")

    def test_its_static_folder_comes_from_nginx(self, machine):
        source = (APPS / "flask/static/hello.css").read_bytes()
        answer = machine.get("/static/hello.css")
        assert (answer.status, answer.body, answer.headers["content-type"]) == (200, source, "text/css; charset=utf-8")
        assert "content-encoding" not in answer.headers

    def test_static_text_is_compressed_for_clients_that_can(self, machine):
        answer = machine.get("/static/hello.css", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert len(answer.body) < len((APPS / "flask/static/hello.css").read_bytes()) / 2

    def test_static_files_are_kept_for_minutes_and_those_named_by_their_content_for_good(self, machine):
        assert machine.get("/static/hello.css").headers["cache-control"] == "public, max-age=300"
        named = machine.get("/static/hello.0123abcd.txt")
        assert named.headers["cache-control"] == "public, max-age=31536000, immutable"

    def test_an_unchanged_static_file_is_not_sent_again(self, machine):
        etag = machine.get("/static/hello.css").headers["etag"]
        assert machine.get("/static/hello.css", headers={"If-None-Match": etag}).status == 304

    def test_a_body_may_be_as_large_as_client_max_body_size(self, machine):
        upload = machine.http.request("POST", "/upload", b"x" * 3 * 2**20)
        assert (upload.status, upload.json()) == (200, {"bytes": 3 * 2**20})

    def test_fails_a_larger_body_with_413(self, machine):
        assert machine.http.request("POST", "/upload", b"x" * (3 * 2**20 + 1)).status == 413

    def test_every_value_of_the_environment_arrives_as_it_was_given(self, machine):
        arrived = machine.get("/environment").json()
        assert {name: value for name, value in arrived.items() if name not in SECRETS} == {
            "TEST_PLAIN": "plain",
            "TEST_EMPTY": "",
            "TEST_SPACES": "  two before, three after   ",
            "TEST_SINGLE": "it's",
            "TEST_DOUBLE": 'say "when"',
            "TEST_BOTH": 'it\'s "both" \\ and $HOME and `id` and %n %%',
            "TEST_DOLLAR": "$HOME ${HOME} $(id)",
            "TEST_PERCENT": "100%s %h",
            "TEST_COMMENT": "#no comment; nothing else",
            "TEST_BACKSLASH": "a\\nb\\",
            "TEST_UNICODE": "Zürich ☂",
        }

    def test_every_secret_arrives_as_it_was_kept(self, machine):
        arrived = machine.get("/environment").json()
        assert {name: arrived[name] for name in SECRETS} == SECRETS

    def test_secrets_can_be_read_by_the_application_s_user_alone(self, machine):
        one = "python3 -I /usr/local/lib/plumbline/plumbline_secrets.py print TEST_PARAMETER 2>&1"
        assert machine.run(f"runuser -u app -- {one}") == "parameter-7f3a91"
        for user in ("app", "www-data"):
            file = f"runuser -u {user} -- cat /run/plumbline-secrets/environment 2>&1"
            assert "Permission denied" in machine.run(file, check=False)
        assert "Permission denied" in machine.run(
            "runuser -u www-data -- cat /proc/$(systemctl show --value -p MainPID gunicorn)/environ 2>&1", check=False
        )

    def test_no_secret_lies_on_the_disk(self, machine):
        found = machine.run("grep -rIl 'parameter-7f3a91' /etc /srv /var /usr/local /root /home", check=False)
        assert found == ""

    def test_a_secret_that_changed_arrives_with_the_next_start(self, machine):
        with machine.region.network.inside():
            client("ssm").put_parameter(Name="/plumbline/test", Value="changed", Type="SecureString", Overwrite=True)
        machine.run("systemctl restart gunicorn")
        assert machine.get("/environment").json()["TEST_PARAMETER"] == "changed"


SECRETS = {
    "TEST_SECRET": "first line\nsecond 'line' \"of\" $HOME \\ %n\n",
    "TEST_FIELD": 'p"w\\d`x',
    "TEST_PARAMETER": "parameter-7f3a91",
}


class TestFastApiWithoutLock:
    APPLICATION = "fastapi"

    def test_answers_through_the_load_balancer_after_its_lifespan_began(self, machine):
        assert machine.get("/").json() == {"framework": "FastAPI", "started": True}
        assert machine.get("/in-a-thread").json() == {"framework": "FastAPI"}

    def test_asgi_serves_it_without_being_asked(self, machine):
        assert 'worker_class = "asgi"' in machine.run("cat /etc/gunicorn/gunicorn.conf.py")

    def test_health_is_answered_for_it_to_the_load_balancer_alone(self, machine):
        assert machine.direct.get("/health").text == "ok\n"
        assert machine.get("/health").status == 404


class TestDjangoWithLock:
    APPLICATION = "django"

    def test_answers_through_the_load_balancer(self, machine):
        answer = machine.get("/").json()
        assert answer["framework"] == "Django"

    def test_believes_the_load_balancer_that_the_client_spoke_https(self, machine):
        assert machine.get("/").json()["secure"] is True
        plain = machine.direct.get("/")
        assert (plain.status, plain.headers["location"]) == (301, f"https://{machine.direct.host.lower()}/")

    def test_its_own_health_view_is_asked(self, machine):
        assert machine.balancer.settings.path == "/up"
        assert machine.get("/up").text == "the project's own health view"
        assert machine.get("/health").status == 404

    def test_the_settings_are_those_of_wsgi_py_with_ours_on_top(self, machine):
        environment = machine.run("cat /etc/gunicorn/environment").splitlines()
        assert "PLUMBLINE_SETTINGS_MODULE=config.production" in environment
        assert machine.get("/").json()["settings"] == "plumbline_django"

    def test_a_secret_key_was_generated(self, machine):
        assert len(machine.run("sed -n 's/^SECRET_KEY=\"\\(.*\\)\"$/\\1/p' /run/plumbline-secrets/environment")) == 50

    def test_the_locked_versions_are_installed_and_nothing_for_development(self, machine, with_lock):
        locked = (with_lock / "uv.lock").read_text()
        installed = machine.run("ls /srv/app/current/.venv/lib/python3.13/site-packages")
        version = locked.split('name = "django"\nversion = "')[1].split('"')[0]
        assert f"django-{version}.dist-info" in installed
        assert "tomli" in locked
        assert "tomli" not in installed

    def test_collected_files_come_from_nginx_wherever_the_project_collects_them(self, machine):
        path = machine.get("/").json()["stylesheet"]
        answer = machine.get(path)
        assert (answer.status, answer.body) == (200, (APPS / "django/pages/static/pages/page.css").read_bytes())
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


class TestPackagesOfEveryKind:
    """A list elsewhere, a pinned server, sources in C and in Python, a library of the system, the project in src/."""

    APPLICATION = "packages"

    def test_answers_with_what_was_installed_and_built(self, machine):
        versions = machine.get("/").json()
        assert (versions["shop"], versions["docopt"]) == ("1.4", "0.6.2")
        assert versions["magic"].startswith("PDF document")
        assert versions["client of MySQL"]

    def test_the_server_of_the_plan_wins_and_the_boot_says_so(self, machine):
        assert machine.get("/").json()["gunicorn"] == "27.0.1"
        log = machine.run("cat /var/log/cloud-init-output.log")
        named = "requirements/production.txt names gunicorn==23.0.0; installed is gunicorn==27.0.1"
        assert f"{named}, which the plan was checked with" in log

    def test_what_it_was_built_with_is_gone_and_the_libraries_are_there(self, machine):
        assert machine.get("/").json()["compiler"] is None
        there = machine.run("dpkg-query -W -f '${Package}\n'").splitlines()
        assert [name for name in there if name.startswith(("gcc-14-x", "libmariadb-dev", "libpython3.13-dev"))] == []
        assert "libmariadb3" in there
        assert "libmagic1t64" in there

    def test_the_release_belongs_to_root(self, machine):
        assert machine.run("find /srv/app/current/ -user app") == ""


class TestDjangoInAFolderOfAMonorepo:
    APPLICATION = "monorepo"

    def test_runs_in_its_folder_under_our_settings_although_wsgi_py_assigns_its_own(self, machine):
        answer = machine.get("/").json()
        assert answer.pop("folder").endswith("/backend")
        assert answer == {
            "greeting": "from a package beside it",
            "mark": "live",
            "debug": False,
            "own key": False,
        }

    def test_its_static_files_come_from_nginx(self, machine):
        answer = machine.get("/static/shop/shop.css")
        assert (answer.status, answer.body) == (
            200,
            (APPS / "monorepo/backend/shop/static/shop/shop.css").read_bytes(),
        )

    def test_commands_run_in_its_folder_with_the_settings_that_are_served(self, machine):
        environment = machine.run("cat /etc/gunicorn/environment").splitlines()
        assert "PLUMBLINE_SETTINGS_MODULE=shop.settings.live" in environment
        assert "PLUMBLINE_WORKING_DIRECTORY=backend" in environment


@dataclass(frozen=True)
class Project:
    """What its user writes, and what its first page answers: each page does what its kind is about."""

    wanted: dict[str, Any]
    answers: str
    fails: str | None = None
    """The error that its page `/fails` raises."""


CORPUS = {
    "made-for-a-platform": Project(
        {"application": {"wsgi": "shop.wsgi:application"}, "database": "postgres"},
        "True /static/site.a4dc4eced8a2.css",
    ),
    "as-startproject-writes-it": Project(
        {"application": {"wsgi": "mysite.wsgi:application"}, "database": "mysql"},
        "smile \N{GRINNING FACE} []",
        "RuntimeError: the view of the newcomer fails",
    ),
    "poetry-with-src": Project(
        {"application": {"asgi": "orders.main:app"}},
        '{"framework":"FastAPI"}',
        "RuntimeError: the endpoint of the orders fails",
    ),
    "pipenv-with-a-factory": Project(
        {"application": {"wsgi": "words:create_app()"}}, "de", "RuntimeError: the view of the factory fails"
    ),
    "classes-of-settings": Project(
        {"application": {"wsgi": "blog.wsgi:application"}}, '{"name": "production", "key": false}'
    ),
    "slow-to-load": Project({"application": {"wsgi": "large.wsgi:application"}, "requestTimeout": 10}, "loaded"),
    "committed-static-files": Project(
        {"application": {"wsgi": "baby.wsgi:application"}}, "/static/app.4d5c6b7a8f90.js"
    ),
    "talks-over-channels": Project(
        {"application": {"asgi": "chat.asgi:application"}, "cache": True, "database": "postgres"}, "heard"
    ),
    "results-of-tasks": Project(
        {"application": {"wsgi": "site_app:app"}, "cache": True, "database": "postgres", "celery": "jobs"}, "5"
    ),
}


def wanted(name: str) -> Wanted:
    return Wanted(
        {"wanted": json.dumps(CORPUS[name].wanted | {"directory": str(APPS / "corpus" / name)})}, ANY_APPLICATION
    )


@pytest.fixture
def ahead(request, shared: SharedMachines) -> None:
    """This machine and the next one boot side by side."""
    names = [item.callspec.params["name"] for item in request.session.items if "ahead" in item.fixturenames]
    place = names.index(request.node.callspec.params["name"])
    if place % 2 == 0:
        shared.prepare(map(wanted, names[place : place + 2]))


@pytest.mark.parametrize("name", CORPUS)
def test_a_stranger_s_project_lives(shared, ahead, name):
    project = CORPUS[name]
    machine = shared.get(wanted(name))
    for _ in range(3):
        answer = machine.get("/", timeout=60)
        assert (answer.status, answer.text) == (200, project.answers)
    if project.fails:
        assert machine.get("/fails").status == 500
        assert project.fails in machine.run("journalctl -u gunicorn --no-pager -o cat")
