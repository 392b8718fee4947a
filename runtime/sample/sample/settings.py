"""Settings of the sample, for production: what differs on a machine comes from the environment."""

import os
from importlib.util import find_spec
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

# A release lies in a folder that is named after its content.
RELEASE = os.environ.get("RELEASE") or BASE_DIR.name

SECRET_KEY = os.environ.get("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set in the environment")

DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
INSTALLED_APPS = ["django.contrib.staticfiles", "sample"]
# What needs a database, a cache or a broker exists where the machine has one; plumbline_django gives the settings.
CACHED = "PLUMBLINE_CACHE_URL" in os.environ
TASKS = None  # who runs them: celery or django_rq
if "PLUMBLINE_BROKER_URL" in os.environ:
    installed = [name for name in ("celery", "django_rq") if find_spec(name)]
    TASKS = os.environ.get("SAMPLE_TASKS") or next(iter(installed), None)
if "PLUMBLINE_DATABASE_ENGINE" in os.environ:
    INSTALLED_APPS.append("ledger")
if TASKS == "django_rq":
    INSTALLED_APPS.append("django_rq")
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "sample.views.choose_views",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "sample.urls"
WSGI_APPLICATION = "sample.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "static/"
TIME_ZONE = "UTC"  # Django moves the whole process to it: the times in the logs are UTC too

LOGGING = {
    "version": 1,
    # Otherwise Django silences gunicorn's loggers in the workers: error log and access log end when it is set up.
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}

# A task of beat's, so often (s), only where it is asked for.
if "SAMPLE_TICK" in os.environ:
    tick = {"task": "ledger.tasks.take_long", "args": ("tick", 0), "schedule": float(os.environ["SAMPLE_TICK"])}
    CELERY_BEAT_SCHEDULE = {"tick": tick}

# /eat fills the memory until the kernel kills somebody, so it exists only where it is asked for.
EAT = os.environ.get("SAMPLE_EAT") == "1"
