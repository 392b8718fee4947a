"""A Celery application that has never heard of us, and keeps results where it is told."""

import os

from celery import Celery

app = Celery("results", broker="redis://localhost", backend=os.environ.get("OWN_BACKEND") or None)


def application(environ, start_response):
    start_response("200 OK", [])
    return [str(app.conf.result_backend).encode()]


@app.task
def add(a, b):
    return a + b
