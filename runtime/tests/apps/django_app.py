"""A Django project in one file: its sync view, under WSGI and under ASGI."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from wsgi import naps, record

# the logging configuration that silences gunicorn's loggers
LOGGING = {"version": 1, "disable_existing_loggers": True}
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="for the tests", LOGGING=LOGGING)


def view(request, seconds):
    record("view")
    naps(float(seconds))
    return HttpResponse(str(os.getpid()))


urlpatterns = [path("naps/<seconds>", view)]
application = get_wsgi_application()
asgi_application = get_asgi_application()
