"""Views that use the database as applications do, to show what becomes of its connections."""

import os
import time
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import connection, transaction
from django.db.models import Count
from django.http import Http404

from ledger.models import Entry
from ledger.work import write
from sample.views import LONGEST_SECONDS, MOST_MEBIBYTES, done, number, seconds


def rows(request):
    """Sends a token through the database, twice. Another one that comes back belongs to another process, which uses the
    same connection."""
    started = time.monotonic()
    # SQLite is a part of the process
    backends = {"mysql": "CONNECTION_ID()", "postgresql": "pg_backend_pid()", "sqlite": str(os.getpid())}
    backend = backends[connection.vendor]
    answers = []
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(f"SELECT %s, {backend}", [token(request)])
            answers.append(cursor.fetchone())
    tokens, backends = zip(*answers, strict=True)
    return done("rows", started, tokens=tokens, backends=backends)


def query(request):
    """Waits in the database, in one statement."""
    started = time.monotonic()
    # MySQL: SLEEP as all that a SELECT does is no error when the statement timeout cuts it, and a long one looks every
    # 5 s whether its client is there, which no other statement does
    sleep = {
        "mysql": "WITH RECURSIVE naps (nap) AS (SELECT 1 UNION ALL SELECT nap + 1 FROM naps WHERE nap < 100)"
        " SELECT SUM(SLEEP(%s / 100)) FROM naps",
        "postgresql": "SELECT pg_sleep(%s)",
        "sqlite": "SELECT sleep(%s)",
    }
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            connection.connection.create_function("sleep", 1, time.sleep)
        cursor.execute(sleep[connection.vendor], [seconds(request)])
    return done("query", started)


def transact(request):
    """Writes two entries or, with `abort=1`, none."""
    started = time.monotonic()
    try:
        with transaction.atomic():
            write(token(request), "first")
            if request.GET.get("abort") == "1":
                raise Abort
            write(token(request), "second")
    except Abort:
        pass
    return done("transaction", started, entries=Entry.objects.filter(token=token(request)).count())


class Abort(Exception):
    pass


def entries(request):
    """How many entries there are by event: of a token, or of all."""
    started = time.monotonic()
    found = Entry.objects.filter(token=token(request)) if "token" in request.GET else Entry.objects
    events = dict(found.values_list("event").annotate(Count("id")).order_by("event"))
    return done("entries", started, events=events)


def enqueue(request):
    """Leaves work to a background worker: after `delay` it writes "begun", takes its time, writes "ended"."""
    started = time.monotonic()
    mebibytes = number(request, "mebibytes", MOST_MEBIBYTES, default="0")
    if mebibytes and not settings.EAT:
        raise Http404("tasks eat nothing: set SAMPLE_EAT=1 in the environment")
    arguments = (token(request), seconds(request), mebibytes)
    delay = number(request, "delay", LONGEST_SECONDS, default="0")
    if settings.TASKS == "celery":
        from ledger.tasks import take_long

        identity = take_long.apply_async(arguments, countdown=delay or None).id
    else:
        import django_rq

        queue, job = django_rq.get_queue(), "ledger.work.take_long"
        identity = (
            queue.enqueue_in(timedelta(seconds=delay), job, *arguments) if delay else queue.enqueue(job, *arguments)
        ).id
    return done("enqueue", started, task=identity)


def token(request):
    given = request.GET.get("token", "")
    if not 0 < len(given) <= 100:
        raise BadRequest(f"token must have 1 to 100 characters, got {len(given)}")
    return given
