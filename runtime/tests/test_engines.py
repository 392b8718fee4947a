"""Engines of the project's own, with the settings of the machine, on real servers."""

import os
import subprocess
import sys

import django_site

PROJECT = """
DATABASES = {{"default": {{"ENGINE": "django_prometheus.db.backends.{engine}"}}}}
SECRET_KEY = "own"
"""
ASK = """
import django
django.setup()
from django.db import connections
connection = connections["default"]
with connection.cursor() as cursor:
    cursor.execute("SELECT %s", ["\\N{GRINNING FACE}"])
    print(ascii(cursor.fetchone()[0]), *(one.__module__ for one in type(connection).__mro__[:2]))
"""


def test_one_of_the_same_family_works_with_and_without_the_rotation(database, transport, tmp_path):
    (tmp_path / "project_settings.py").write_text(PROJECT.format(engine=database.engine))
    environment = {
        **os.environ,
        **database.environment(transport),
        "PYTHONPATH": f"{django_site.RUNTIME}:{tmp_path}",
        "PLUMBLINE_SETTINGS_MODULE": "project_settings",
    }
    asked = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, timeout=30)
    own = f"django_prometheus.db.backends.{database.engine}.base"
    ours = [f"plumbline_{database.engine}.base"] if transport == "tls" else []
    assert asked.stdout.split()[: 2 + len(ours)] == ["'\\U0001f600'", *ours, own], asked.stderr
