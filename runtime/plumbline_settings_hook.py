"""Keeps our settings over the project's own, whichever module the project names, and however.

A file `plumbline.pth` in the packages of a Django project imports this at each start of Python, before anything of the
project runs: `wsgi.py`, `manage.py` and the module of Celery may all assign DJANGO_SETTINGS_MODULE; what they assign
wins over the environment. What they name is then what our settings stand on.
"""

import importlib.util
import os
import sys

OVERLAY = "plumbline_django"
MODULE = "DJANGO_SETTINGS_MODULE"
OWN = "PLUMBLINE_SETTINGS_MODULE"  # the project's


class Finder:
    """Waits for `django.conf`: to import it here would cost every process that never needs it."""

    def __init__(self, prepare):
        self.prepare = prepare

    def find_spec(self, name, path=None, target=None):
        if name != "django.conf":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def execute_and_prepare(module):
            execute(module)
            self.prepare(module.LazySettings)

        spec.loader.exec_module = execute_and_prepare
        return spec


def before_setup(prepare):
    """Calls a function with Django's class of lazy settings, as soon as there is one."""
    sys.meta_path.insert(0, Finder(prepare))


def stand_on_the_project_s(lazy_settings):
    setup = lazy_settings._setup

    def over_the_project_s(self, *arguments):
        named = os.environ.get(MODULE)
        if named and named != OVERLAY:
            os.environ[OWN] = named
        load_overlay()
        setup(self, *arguments)

    lazy_settings._setup = over_the_project_s


def load_overlay():
    """django-configurations makes settings of a class while the module of DJANGO_SETTINGS_MODULE is imported."""
    os.environ[MODULE] = os.environ[OWN]
    try:
        if os.environ.get("DJANGO_CONFIGURATION") and importlib.util.find_spec("configurations"):
            importlib.import_module("configurations.importer").install()
        importlib.import_module(OVERLAY)
    finally:
        os.environ[MODULE] = OVERLAY


if OWN in os.environ:
    before_setup(stand_on_the_project_s)
