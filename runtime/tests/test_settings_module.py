"""The settings that a project names, in every form, and ours over them in every process of it."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

RUNTIME = Path(__file__).parent.parent
HOOK = 'import os; "PLUMBLINE_SETTINGS_MODULE" in os.environ and __import__("plumbline_settings_hook")\n'
NAMES = ("DJANGO_SETTINGS_MODULE", "DJANGO_CONFIGURATION", "PLUMBLINE_SETTINGS_MODULE", "PLUMBLINE_HEALTH_PATH")
SETTINGS = "SECRET_KEY = 'own'\nDEBUG = True\nMARK = '{}'\nROOT_URLCONF = 'nowhere'\n"
CLASSES = (
    "from configurations import Configuration, values\n\n\nclass Base(Configuration):\n    SECRET_KEY = 'own'\n"
    "    DEBUG = True\n    MARK = values.Value('base')\n\n\n"
    "class Production(Base):\n    MARK = values.Value('production')\n"
)
SETDEFAULT = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', {})\n"
ASSIGNED = "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = {}\n"
WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
MANAGE = "import sys\nfrom django.core.management import execute_from_command_line as run\nrun(sys.argv)\n"
SEEN = (
    "from django.conf import settings\nimport json, os\n"
    "print(json.dumps([settings.MARK, settings.DEBUG, os.environ['DJANGO_SETTINGS_MODULE']]))\n"
)


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project")


class Project:
    """A project in its folder, and Python as the machine has it: with the hook among the packages."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {name: value for name, value in os.environ.items() if name not in NAMES}
        packages = folder.parent / "packages"
        packages.mkdir()
        (packages / "plumbline.pth").write_text(HOOK)
        # Python runs the .pth files of folders that `site` knows alone
        (packages / "sitecustomize.py").write_text(f"import site; site.addsitedir({str(packages)!r})")
        self.environment["PYTHONPATH"] = f"{packages}:{RUNTIME}:{sysconfig.get_path('purelib')}"

    def write(self, **files):
        for name, text in files.items():
            path = self.folder / (name.replace("_", "/").replace("/init", "/__init__") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def python(self, *arguments, **environment):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
        )

    def found(self, application="site.wsgi:application", *given, **environment):
        result = self.python(RUNTIME / "plumbline_settings_module.py", application, *given, **environment)
        assert result.returncode == 0, result.stderr
        return dict(line.split("=", 1) for line in result.stdout.splitlines())

    def seen(self, *arguments, **environment):
        """What a process of the project sees of its settings, as the bootstrap leaves the environment."""
        found = self.found("shop.wsgi:application", **environment)
        result = self.python(*arguments, **{**environment, **found, "DJANGO_SETTINGS_MODULE": "plumbline_django"})
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout.splitlines()[-1])


def named(module):
    return {"PLUMBLINE_SETTINGS_MODULE": module}


class TestTheNameIsFound:
    def test_where_manage_py_alone_has_it(self, project):
        project.write(manage=SETDEFAULT.format("'shop.settings'"))
        assert project.found("shop.wsgi:application") == named("shop.settings")

    def test_in_the_application_first(self, project):
        project.write(manage=SETDEFAULT.format("'shop.local'"), shop_wsgi=SETDEFAULT.format("'shop.production'"))
        assert project.found("shop.wsgi:application") == named("shop.production")

    def test_of_an_application_that_is_a_package_or_elsewhere_on_the_path(self, project):
        project.write(lib_shop_init=ASSIGNED.format("'shop.production'"))
        path = f"{project.environment['PYTHONPATH']}:{project.folder / 'lib'}"
        assert project.found("shop:application", PYTHONPATH=path) == named("shop.production")

    @pytest.mark.parametrize(
        "value",
        ["f\"shop.settings.{os.environ['STAGE']}\"", "'shop.settings.' + os.getenv('STAGE')"],
    )
    def test_where_it_is_computed(self, project, value):
        for form in (SETDEFAULT, ASSIGNED):
            project.write(manage=SETDEFAULT.format("'shop.local'"), shop_wsgi=form.format(value) + WSGI)
            assert project.found("shop.wsgi:application", STAGE="live") == named("shop.settings.live")

    @pytest.mark.parametrize("stage", ["live", "test"])
    def test_where_it_is_one_of_two(self, project, stage):
        text = SETDEFAULT.format("'shop.live'").replace("\n", "\nif os.environ['STAGE'] == 'live':\n    ", 1)
        project.write(shop_wsgi=text + "else:\n    os.environ['DJANGO_SETTINGS_MODULE'] = 'shop.test'\n" + WSGI)
        assert project.found("shop.wsgi:application", STAGE=stage) == named(f"shop.{stage}")

    def test_where_the_application_comes_from_another_module(self, project):
        project.write(
            manage=SETDEFAULT.format("'shop.local'"),
            wsgi="from shop.deploy import application",
            shop_deploy="import os\nos.environ.update(DJANGO_SETTINGS_MODULE='shop.live')\n" + WSGI,
        )
        assert project.found("wsgi:application") == named("shop.live")

    def test_where_manage_py_computes_it(self, project):
        project.write(manage="import os\nmodule = 'shop.live'\n" + SETDEFAULT.format("module") + MANAGE)
        assert project.found("shop.wsgi:application") == named("shop.live")

    def test_with_the_class_of_django_configurations(self, project):
        text = SETDEFAULT.format("'shop.settings'") + "os.environ.setdefault('DJANGO_CONFIGURATION', 'Production')\n"
        project.write(shop_wsgi=text)
        both = {**named("shop.settings"), "DJANGO_CONFIGURATION": "Production"}
        assert project.found("shop.wsgi:application") == both
        assert project.found("shop.wsgi:application", "other.settings") == {**both, **named("other.settings")}
        assert project.found("shop.wsgi:application", DJANGO_CONFIGURATION="Live") == named("shop.settings")

    def test_and_what_the_environment_names_stands(self, project):
        project.write(shop_wsgi="raise SystemExit('it is not run')")
        assert project.found("shop.wsgi:application", "shop.given") == named("shop.given")

    def test_fails_when_nothing_names_it(self, project):
        project.write(manage="def broken(:", shop_wsgi="application = {}['STAGE']")
        result = project.python(RUNTIME / "plumbline_settings_module.py", "shop.wsgi:application")
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.splitlines()[-1] == (
            "no DJANGO_SETTINGS_MODULE found in shop/wsgi.py (KeyError: 'STAGE') or "
            "manage.py (SyntaxError: invalid syntax (manage.py, line 1)): give it in `environment`"
        )


class TestOurSettingsAreOver:
    LIVE = {"shop_init": "", "shop_settings_init": "", "shop_settings_live": SETTINGS.format("live")}

    def test_what_wsgi_py_assigns(self, project):
        project.write(**self.LIVE, shop_wsgi=ASSIGNED.format("'shop.settings.live'") + WSGI + SEEN)
        assert project.seen("-m", "shop.wsgi") == ["live", False, "plumbline_django"]

    def test_what_it_computes(self, project):
        text = ASSIGNED.format("'shop.settings.' + os.environ['STAGE']")
        project.write(**self.LIVE, shop_wsgi=text + WSGI + SEEN)
        assert project.seen("-m", "shop.wsgi", STAGE="live") == ["live", False, "plumbline_django"]

    def test_what_asgi_py_assigns(self, project):
        text = WSGI.replace("wsgi", "asgi")
        project.write(**self.LIVE, shop_wsgi=ASSIGNED.format("'shop.settings.live'") + text + SEEN)
        assert project.seen("-m", "shop.wsgi") == ["live", False, "plumbline_django"]

    def test_what_the_module_of_celery_assigns(self, project):
        project.write(
            **self.LIVE,
            shop_wsgi=ASSIGNED.format("'shop.settings.live'") + WSGI,
            shop_celery=ASSIGNED.format("'shop.settings.live'")
            + "from celery import Celery\napp = Celery('shop')\n"
            + "app.config_from_object('django.conf:settings', namespace='CELERY')\napp.conf.broker_url\n"
            + SEEN,
        )
        assert project.seen("-c", "import shop.celery") == ["live", False, "plumbline_django"]

    def test_what_manage_py_assigns_in_a_command(self, project):
        project.write(
            **self.LIVE,
            manage=ASSIGNED.format("'shop.settings.live'") + MANAGE,
            shop_wsgi=ASSIGNED.format("'shop.settings.live'") + WSGI,
        )
        assert project.seen("manage.py", "shell", "-c", SEEN) == ["live", False, "plumbline_django"]

    def test_what_manage_py_is_told_to_use(self, project):
        project.write(
            **self.LIVE,
            shop_settings_nightly=SETTINGS.format("nightly"),
            manage=SETDEFAULT.format("'shop.settings.live'") + MANAGE,
        )
        arguments = ("manage.py", "shell", "--settings", "shop.settings.nightly", "-c", SEEN)
        assert project.seen(*arguments)[:2] == ["nightly", False]

    def test_a_class_of_django_configurations(self, project):
        text = SETDEFAULT.format("'shop.settings'") + "os.environ.setdefault('DJANGO_CONFIGURATION', 'Production')\n"
        project.write(
            shop_init="",
            shop_settings=CLASSES,
            shop_wsgi=text + WSGI.replace("django.core", "configurations") + SEEN,
            manage=text + MANAGE.replace("django.core", "configurations"),
            tasks=text + "import configurations\nconfigurations.setup()\n" + SEEN,
        )
        production = ["production", False, "plumbline_django"]
        assert project.seen("-m", "shop.wsgi") == production
        assert project.seen("manage.py", "shell", "-c", SEEN) == production
        assert project.seen("tasks.py") == production
        assert project.seen("-c", "import django; django.setup()\n" + SEEN) == production  # as our own steps do
        assert project.seen("-m", "shop.wsgi", DJANGO_CONFIGURATION="Base") == ["base", False, "plumbline_django"]

    def test_a_process_that_it_starts(self, project):
        child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import shop.other'], check=True)\n"
        project.write(
            **self.LIVE,
            shop_settings_other=SETTINGS.format("other"),
            shop_wsgi=ASSIGNED.format("'shop.settings.live'") + WSGI + child,
            shop_other=SEEN,
        )
        assert project.seen("-m", "shop.wsgi") == ["live", False, "plumbline_django"]

    def test_nothing_in_python_without_django(self, project):
        project.write(tasks="import sys\nassert 'plumbline_settings_hook' in sys.modules\nprint('[\"alone\"]')")
        project.write(manage=SETDEFAULT.format("'shop.settings'"))
        assert project.seen("tasks.py") == ["alone"]
