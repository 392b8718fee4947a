"""A Django project in one file, its settings too, whose views fail, with one of the loggings that projects have."""

import json
import logging.config
import os

SECRET_KEY = "for the tests"
ROOT_URLCONF = "failing_django"
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
CONSOLE = {"class": "logging.StreamHandler"}
DEBUGGING = {"debug": {"()": "django.utils.log.RequireDebugTrue"}}


class Json(logging.Formatter):
    def format(self, record):
        return json.dumps({"message": record.getMessage()})


def of(handler, more=None, **rest):
    root = {"handlers": ["only"], "level": "INFO"}
    return {"version": 1, "handlers": {"only": handler}, "root": root, **rest, **(more or {})}


LOGGINGS = {
    "default": {},
    "console": of(CONSOLE, disable_existing_loggers=False),
    "existing loggers disabled": of(CONSOLE),
    "debug only": of({**CONSOLE, "filters": ["debug"]}, filters=DEBUGGING, disable_existing_loggers=False),
    "mail": of({"class": "django.utils.log.AdminEmailHandler"}, disable_existing_loggers=True),
    "a file": of({"class": "logging.FileHandler", "filename": os.devnull}),
    "none": {"version": 1, "disable_existing_loggers": True, "loggers": {"django": {"propagate": False}}},
    "critical only": of(CONSOLE, {"loggers": {"django.request": {"level": "CRITICAL"}}}),
    "configured by the project": {},
    "a formatter without tracebacks": of(
        {**CONSOLE, "formatter": "json"},
        formatters={"json": {"()": "failing_django.Json"}},
        disable_existing_loggers=False,
    ),
    "another stream": of({**CONSOLE, "stream": open(os.devnull, "w")}, disable_existing_loggers=False),
}
logging_of_the_test = os.environ.get("LOGGING", "default")
LOGGING = LOGGINGS[logging_of_the_test]
if logging_of_the_test == "configured by the project":
    LOGGING_CONFIG = None
    logging.config.dictConfig(of({"class": "logging.NullHandler"}, disable_existing_loggers=True))


def view(request):
    raise RuntimeError("a bug in a view")


async def async_view(request):
    raise RuntimeError("a bug in a view")


def urlpatterns_():
    from django.urls import path

    return [path("boom", view), path("async", async_view)]


def __getattr__(name):
    """Names of a URLconf and of applications, which settings cannot make when they are read."""
    if name == "urlpatterns":
        return urlpatterns_()
    if name == "application":
        from django.core.wsgi import get_wsgi_application

        return get_wsgi_application()
    if name == "asgi_application":
        from django.core.asgi import get_asgi_application

        return get_asgi_application()
    raise AttributeError(name)
