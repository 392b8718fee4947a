"""What Celery finds by itself in each application; RQ needs no registration."""

from ledger import work
from sample.celery import app


@app.task
def take_long(token, seconds, mebibytes=0):
    work.take_long(token, seconds, mebibytes)
