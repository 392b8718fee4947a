"""A Celery application with a task that is due every second. The broker tells which process has queued one."""

import os

from celery import Celery
from celery.beat import Scheduler

import plumbline_databases


class OwnScheduler(Scheduler):
    """As a project brings one: it keeps no file."""


app = Celery("ticks", broker=plumbline_databases.broker_url(os.environ))
app.conf.beat_scheduler = os.environ.get("TICKS_SCHEDULER", app.conf.beat_scheduler)
app.conf.beat_schedule = {"tick": {"task": "ticks.tick", "schedule": 1.0}}


@app.task
def tick():
    pass
