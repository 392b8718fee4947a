"""What is known about the process that answers."""

import os
import sys

from django.conf import settings

# gunicorn imports the module of the worker class it runs and of no other.
WORKER_MODULES = {
    "gunicorn.workers.gthread": "gthread",
    "gunicorn.workers.ggevent": "gevent",
    "gunicorn.workers.gasgi": "asgi",
    "gunicorn.workers.sync": "sync",
}


def worker_class():
    return next((name for module, name in WORKER_MODULES.items() if module in sys.modules), "none of gunicorn's")


def who_answers():
    return {"release": settings.RELEASE, "worker_class": worker_class(), "pid": os.getpid()}
