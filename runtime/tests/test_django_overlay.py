import asyncio
import importlib
import json
import logging
import os
import shutil
import subprocess
import sys

import django_site
import pytest
from django.test import AsyncClient, Client, override_settings

PROJECT = """
ALLOWED_HOSTS = ["own.example.com"]
SECRET_KEY = "own"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_SCHEME", "https")
STATIC_ROOT = "/own/static"
MIDDLEWARE = ("own.Middleware",)
DEBUG = True
TIME_ZONE = "Europe/Zurich"
lower = "no setting"
"""


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Imports the overlay over a project's settings, in an environment."""

    def load(project="", **environment):
        (tmp_path / "project_settings.py").write_text(project)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.chdir(tmp_path)
        for name in ("PLUMBLINE_ALLOWED_HOSTS", "PLUMBLINE_HEALTH_PATH", "SECRET_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("PLUMBLINE_SETTINGS_MODULE", "project_settings")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delitem(sys.modules, "project_settings", raising=False)
        monkeypatch.delitem(sys.modules, "plumbline_django")
        module = importlib.import_module("plumbline_django")
        return {name: value for name, value in vars(module).items() if name.isupper()}

    return load


class TestSettings:
    def test_what_the_project_sets_stays_but_for_debug(self, settings):
        assert settings(PROJECT) == {
            "ALLOWED_HOSTS": ["own.example.com"],
            "SECRET_KEY": "own",
            "SECURE_PROXY_SSL_HEADER": ("HTTP_X_SCHEME", "https"),
            "STATIC_ROOT": "/own/static",
            "MIDDLEWARE": ("own.Middleware",),
            "DEBUG": False,
            "TIME_ZONE": "Europe/Zurich",
        }

    def test_what_the_project_lacks_is_added(self, settings, tmp_path):
        assert settings("") == {
            "ALLOWED_HOSTS": [],
            "DEBUG": False,
            "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
            "STATIC_ROOT": str(tmp_path / ".static"),
        }

    def test_allowed_hosts_of_the_environment_come_on_top(self, settings):
        hosts = settings(PROJECT, PLUMBLINE_ALLOWED_HOSTS="www.example.com,own.example.com,")["ALLOWED_HOSTS"]
        assert hosts == ["own.example.com", "www.example.com"]

    def test_the_secret_key_of_the_environment_wins(self, settings):
        assert settings(PROJECT, SECRET_KEY="generated")["SECRET_KEY"] == "generated"

    def test_jobs_of_rq_that_fail_are_told_before_the_project_s_own_handlers(self, settings):
        told = settings("RQ_QUEUES = {}\nRQ_EXCEPTION_HANDLERS = ['own.handler']\n")
        assert told["RQ_EXCEPTION_HANDLERS"] == ["plumbline_failures.job_failed", "own.handler"]

    def test_the_health_middleware_is_the_first(self, settings):
        middleware = settings(PROJECT, PLUMBLINE_HEALTH_PATH="/health")["MIDDLEWARE"]
        assert middleware == ["plumbline_django.health", "own.Middleware"]

    def test_fails_when_the_project_s_settings_do_not_load(self, settings):
        with pytest.raises(ModuleNotFoundError, match="nosuchmodule"):
            settings("import nosuchmodule")


class TestHealth:
    def get(self, path="/health", **headers):
        """As nginx passes a health check on."""
        return Client().get(path, headers={"X-Plumbline-Health": "1", **headers})

    def get_async(self, path="/health", **headers):
        return asyncio.run(AsyncClient().get(path, headers={"X-Plumbline-Health": "1", **headers}))

    def test_is_answered_under_wsgi_and_asgi(self):
        for response in (self.get(), self.get_async()):
            assert (response.status_code, response.content) == (200, b"ok\n")

    def test_is_answered_before_the_redirect_to_https_and_the_check_of_the_host(self):
        with override_settings(SECURE_SSL_REDIRECT=True):
            assert self.get(host="10.0.0.4").status_code == 200
            assert Client().get("/").status_code == 301
            assert Client().get("/", headers={"host": "10.0.0.4"}).status_code == 400

    def test_fails_when_the_urlconf_does_not_load_and_says_why_past_all_loggers(self, capfd, monkeypatch):
        monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
        with override_settings(ROOT_URLCONF="nosuchurls"):
            for response in (self.get(), self.get_async()):
                assert (response.status_code, response.content) == (503, b"the URLconf does not load\n")
        assert capfd.readouterr().err.count("\nModuleNotFoundError: No module named 'nosuchurls'\n") == 2

    def test_a_view_of_the_project_with_the_same_path_is_everyone_else_s(self):
        for response in (Client().get("/health"), asyncio.run(AsyncClient().get("/health"))):
            assert json.loads(response.content)["dependencies"]
        assert Client().get("/health/").status_code == 404


class TestReadOnly:
    SQLITE = "django.db.backends.sqlite3"

    def said(self, folder, **databases):
        return list(importlib.import_module("plumbline_django").read_only(databases, folder))

    def test_a_file_in_the_release_is_told_though_the_deployment_may_write_to_it(self, tmp_path):
        file = tmp_path / "db.sqlite3"
        default = {"ENGINE": self.SQLITE, "NAME": file}
        assert self.said(tmp_path, default=default, queue={**default, "NAME": f"file:{file}?mode=rwc"}) == [
            f"DATABASES['default'] is a file of SQLite that the service cannot write to, {file}: "
            "give database, for example Database.sqliteOnInstance()",
            f"DATABASES['queue'] is a file of SQLite that the service cannot write to, {file}: "
            "name a file in a folder of Media.onInstance()'s linkedDirs, or in /var/lib/app",
        ]

    def test_a_file_in_a_folder_that_is_not_there_is_told(self, tmp_path):
        (sentence,) = self.said(tmp_path, default={"ENGINE": self.SQLITE, "NAME": "/data/db.sqlite3"})
        assert "cannot write to, /data/db.sqlite3" in sentence

    @pytest.mark.parametrize(
        "database",
        [
            {"ENGINE": SQLITE, "NAME": "{elsewhere}/db.sqlite3"},
            {"ENGINE": SQLITE, "NAME": ":memory:"},
            {"ENGINE": SQLITE, "NAME": "file::memory:?cache=shared"},
            {"ENGINE": SQLITE},
            {"ENGINE": "django.db.backends.postgresql", "NAME": "app"},
            {},
        ],
    )
    def test_what_can_be_written_to_is_not(self, tmp_path, database):
        release = tmp_path / "release"
        release.mkdir()
        given = {name: value.format(elsewhere=tmp_path) for name, value in database.items()}
        assert self.said(release, default=given) == []


def remove(*folders):
    for folder in folders:
        folder.unlink() if folder.is_symlink() else shutil.rmtree(folder)


def program(*arguments, **options):
    return subprocess.run(
        [sys.executable, django_site.RUNTIME / "plumbline_django.py", *arguments],
        capture_output=True,
        text=True,
        **options,
    )


class TestCollectStatic:
    def collect(self, release, environ, project, command="collectstatic"):
        (release / "project_settings.py").write_text(f"SECRET_KEY = 'own'\nSTATIC_URL = 'static/'\n{project}")
        environ.setenv("PLUMBLINE_SETTINGS_MODULE", "project_settings")
        return program(command, cwd=release)

    def source(self, release):
        (release / "static").mkdir()
        (release / "static" / "own.css").write_text("p {}")
        return "INSTALLED_APPS = ['django.contrib.staticfiles']\nSTATICFILES_DIRS = ['static']\n"

    def test_fills_the_folder_that_nginx_serves(self, tmp_path, monkeypatch):
        result = self.collect(tmp_path, monkeypatch, self.source(tmp_path))
        assert (result.returncode, result.stderr) == (0, "")
        assert (tmp_path / ".static" / "own.css").read_text() == "p {}"

    def test_links_it_to_the_folder_that_the_project_chose(self, tmp_path, monkeypatch):
        project = self.source(tmp_path) + "STATIC_ROOT = 'collected'\n"
        for _ in range(2):
            assert self.collect(tmp_path, monkeypatch, project).returncode == 0
            assert (tmp_path / ".static").readlink() == tmp_path / "collected"
        assert (tmp_path / ".static" / "own.css").read_text() == "p {}"

    def test_fills_that_of_the_release_where_the_project_is_in_a_folder_of_it(self, tmp_path, monkeypatch):
        project = tmp_path / "backend" / "site"
        project.mkdir(parents=True)
        monkeypatch.setenv("PLUMBLINE_WORKING_DIRECTORY", "backend/site")
        for more in ("", "STATIC_ROOT = 'collected'\n"):
            assert self.collect(project, monkeypatch, self.source(project) + more).returncode == 0
            assert (tmp_path / ".static" / "own.css").read_text() == "p {}"
            remove(tmp_path / ".static", project / "static")
        assert not (project / ".static").exists()

    def committed(self, release):
        """As npm and an earlier collectstatic left it: files that finders find, and some that they do not."""
        built = release / "built"
        built.mkdir()
        for name in ("app.css", "app.0123456789ab.css", "own.css"):
            (built / name).write_text("built")
        paths = {"app.css": "app.0123456789ab.css"}
        (built / "staticfiles.json").write_text(json.dumps({"paths": paths, "version": "1.1", "hash": "1"}))
        manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        storages = f"STORAGES = {{'staticfiles': {{'BACKEND': '{manifest}'}}}}\n"
        return self.source(release) + storages + "STATIC_ROOT = 'built'\n"

    def test_files_that_came_with_the_release_stay_and_so_do_their_places_in_the_manifest(self, tmp_path, monkeypatch):
        project = self.committed(tmp_path)
        for _ in range(2):
            result = self.collect(tmp_path, monkeypatch, project)
            assert (result.returncode, result.stderr) == (0, "")
            served = tmp_path / ".static"
            for name in ("app.css", "app.0123456789ab.css", "own.css"):
                assert (served / name).read_text() == "built"
            paths = json.loads((served / "staticfiles.json").read_text())["paths"]
            assert paths["app.css"] == "app.0123456789ab.css"
            assert (served / paths["own.css"]).read_text() == "p {}"  # as its source has it

    def test_files_beside_those_that_came_are_collected_and_collected_again(self, tmp_path, monkeypatch):
        (tmp_path / "collected").mkdir()
        (tmp_path / "collected" / "logo.svg").write_text("<svg/>")
        project = self.source(tmp_path) + "STATIC_ROOT = 'collected'\n"
        for text in ("p {}", "h1 {}"):
            (tmp_path / "static" / "own.css").write_text(text)
            assert self.collect(tmp_path, monkeypatch, project).returncode == 0
            assert {file.name: file.read_text() for file in (tmp_path / ".static").iterdir()} == {
                "logo.svg": "<svg/>",
                "own.css": text,
            }
            os.utime(tmp_path / "collected" / "own.css", (0, 0))

    def test_files_of_the_release_before_make_way_in_a_folder_outside_of_it(self, tmp_path, monkeypatch):
        release = tmp_path / "release"
        release.mkdir()
        (tmp_path / "kept").mkdir()
        (tmp_path / "kept" / "own.css").write_text("of the release before")
        os.utime(tmp_path / "kept" / "own.css", (0, 0))
        project = self.source(release) + f"STATIC_ROOT = '{tmp_path}/kept'\n"
        assert self.collect(release, monkeypatch, project).returncode == 0
        assert (release / ".static" / "own.css").read_text() == "p {}"

    def test_only_has_the_folder_served_where_the_user_says_so(self, tmp_path, monkeypatch):
        project = self.source(tmp_path) + "STATIC_ROOT = 'made'\n"
        (tmp_path / "made").mkdir()
        assert self.collect(tmp_path, monkeypatch, project, "static").returncode == 0
        assert (tmp_path / ".static").readlink() == tmp_path / "made"
        assert list((tmp_path / "made").iterdir()) == []

    def test_says_before_that_the_database_is_in_the_release(self, tmp_path, monkeypatch):
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "db.sqlite3")}
        result = self.collect(tmp_path, monkeypatch, f"DATABASES = {{'default': {database}}}\n")
        assert result.stdout.startswith("DATABASES['default'] is a file of SQLite that the service cannot write to, ")

    def test_leaves_a_project_without_static_files_alone(self, tmp_path, monkeypatch):
        result = self.collect(tmp_path, monkeypatch, "")
        assert (result.returncode, result.stdout) == (
            0,
            "django.contrib.staticfiles is not installed: no static files\n",
        )
        assert not (tmp_path / ".static").exists()

    def test_fails_when_the_settings_do_not_load(self, tmp_path, monkeypatch):
        result = self.collect(tmp_path, monkeypatch, "import nosuchmodule")
        assert result.returncode == 1
        assert result.stderr.endswith("ModuleNotFoundError: No module named 'nosuchmodule'\n")
