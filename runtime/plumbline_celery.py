"""What each Celery worker of a machine gets beside the project's own: `celery worker --include plumbline_celery`.

Redis gives what nobody has acknowledged for the visibility timeout to another worker, for its own may be dead. A task
with a countdown, an ETA or a retry lies in a worker, unacknowledged, until it is due, however far that is. So a worker
that lives says so, for all that it holds: what it holds runs once, and what a dead one held runs again.
"""

import os
import time

from celery import bootsteps, signals

import plumbline_databases
import plumbline_failures
from plumbline_systemd import notifier

signals.task_failure.connect(plumbline_failures.task_failed)

# The longest between two signs of life, in seconds: a worker that runs elsewhere may have a shorter visibility timeout.
LONGEST_INTERVAL = 60
# Signs of life within a visibility timeout: a broker that restarts may miss some.
SIGNS = 4


@signals.worker_init.connect
def prepare(sender, **_):
    problems = []
    if "PLUMBLINE_TASK_TIMEOUT" in os.environ:
        problems = time_limit_problems(sender)
    plumbline_databases.settle_results(sender.app, os.environ)
    if "PLUMBLINE_BROKER_URL" in os.environ and is_redis(sender.app):
        problems += visibility_problems(sender.app.conf.broker_transport_options, os.environ)
        sender.app.steps["consumer"].add(SignsOfLife)
    if problems:
        raise SystemExit("\n".join(problems))


@signals.worker_ready.connect
def tell_systemd(**_):
    """The application has loaded, its processes are there, and the broker has been reached: the unit has started."""
    notifier()("READY=1")


def is_redis(app):
    return app.connection_for_read().transport.driver_type == "redis"


def time_limit_problems(worker):
    """The worker has the unit's limit. What is shorter in the project stands, and what is longer is refused."""
    app, most = worker.app, worker.time_limit
    worker.time_limit = min(most, app.conf.task_time_limit or most)
    return [
        f"{name} ({seconds:g} s) must be at most taskTimeout ({most:g} s), else systemd kills a task that may "
        "still run; raise taskTimeout of the BackgroundWorker [N19]"
        for kind in ("time_limit", "soft_time_limit")
        for name, seconds in limits(app, kind)
        if seconds and seconds > most
    ]


def limits(app, kind):
    general = getattr(app.conf, f"task_{kind}")
    yield f"task_{kind}", general
    for task in app.tasks.values():
        if getattr(task, kind) != general:  # a task without one of its own has the general one
            yield f"{kind} of {task.name}", getattr(task, kind)


def visibility_problems(options, environ):
    """Whatever set it: Django's settings or the application itself."""
    least = int(environ["PLUMBLINE_LEAST_VISIBILITY_TIMEOUT"])
    options.setdefault("visibility_timeout", int(environ["PLUMBLINE_VISIBILITY_TIMEOUT"]))
    given = options["visibility_timeout"]
    if given >= least:
        return []
    return [
        f"visibility_timeout ({given:g} s) must be at least {least} s, 60 s more than taskTimeout and longestDelay, "
        "else the broker gives a task to a second worker while the first still has it; "
        "raise it in broker_transport_options, or leave it out [N20]"
    ]


class SignsOfLife(bootsteps.StartStopStep):
    """Celery starts it anew with each connection to the broker."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer, **options):
        self.entry = None
        super().__init__(consumer, **options)

    def start(self, consumer):
        channel = consumer.task_consumer.channel
        interval = min(LONGEST_INTERVAL, channel.visibility_timeout / SIGNS)
        self.entry = consumer.timer.call_repeatedly(interval, give_sign, (channel,))

    def stop(self, consumer):
        if self.entry:
            self.entry.cancel()
            self.entry = None


def give_sign(channel):
    """Of all that this channel was given and has not acknowledged: kombu keeps it in `_delivered`, and since when in a
    sorted set of the broker (kombu.transport.redis.QoS). Only what still is in there (XX): nothing comes back."""
    if not channel.qos._delivered:
        return
    with channel.conn_or_acquire() as client:
        client.zadd(channel.unacked_index_key, dict.fromkeys(channel.qos._delivered, time.time()), xx=True)
