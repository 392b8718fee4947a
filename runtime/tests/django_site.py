"""Sets Django up as a machine does: the sample project under the overlay. Django can be set up once a process."""

import os
import sys
from pathlib import Path

import django

RUNTIME = Path(__file__).parent.parent
SAMPLE = RUNTIME / "sample"

sys.path[:0] = [str(RUNTIME), str(SAMPLE)]
os.environ.update(
    DJANGO_SETTINGS_MODULE="plumbline_django",
    PLUMBLINE_SETTINGS_MODULE="sample.settings",
    PLUMBLINE_ALLOWED_HOSTS="testserver",  # the host of Django's test client
    PLUMBLINE_HEALTH_PATH="/health",
    RELEASE="4f2a",
    SECRET_KEY="of-the-tests",
)
django.setup()
