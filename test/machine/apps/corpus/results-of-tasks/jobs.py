import os

from celery import Celery

app = Celery(
    "jobs",
    broker=os.environ.get("CELERY_BROKER_URL", "redis://localhost"),
    backend=os.environ.get("CELERY_RESULT_BACKEND", "redis://localhost"),
)


@app.task
def add(a, b):
    return a + b
