"""A Celery application with settings as the overlay makes them, and tasks that note in the broker when they began."""

import json
import os
import signal
import time
from types import SimpleNamespace

import redis
from celery import Celery

import plumbline_databases

url = plumbline_databases.broker_url(os.environ)
project = SimpleNamespace(**json.loads(os.environ.get("PROJECT", "{}")))
app = Celery("jobs")
app.config_from_object(vars(project) | plumbline_databases.celery(project, url, os.environ), namespace="CELERY")
app.conf.result_backend = url


@app.task(bind=True)
def work(self, token, seconds=0):
    note(token, self.request.hostname)
    time.sleep(seconds)


@app.task(bind=True, max_retries=1)
def try_again(self, token, delay):
    note(token, self.request.hostname)
    raise self.retry(countdown=delay)


@app.task
def be_killed(token):
    """As by the kernel when the task reaches MemoryMax."""
    note(token, "")
    os.kill(os.getpid(), signal.SIGKILL)


if "LONG_TASK" in os.environ:
    app.task(work.run, name="jobs.long", time_limit=float(os.environ["LONG_TASK"]))


def note(token, worker):
    redis.Redis.from_url(plumbline_databases.redis_url(url)).rpush(f"runs:{token}", f"{worker} {time.time()}")
