"""The request guard: what gunicorn lacks to keep its place in the request path's plan.

gunicorn.conf.py imports this file, calls `configure` with the plan's numbers and takes over the hooks `when_ready` and
`post_worker_init`; the application does not change. For every request but the health check, which nginx tells and no
client can, in the worker classes sync, gthread, gevent and asgi, a worker

1. skips the request when its client has gone (nginx has hung up),
2. answers 503 when it waited longer than `queue_timeout`, so that nobody works for a client that has given up,
3. ends it with 504 once the application has worked on it for `request_timeout`, and has the worker replaced. It serves
   until its successor does.

A worker takes no request before the application's pages have loaded, so that none pays for an import, and one whose
pages do not load does not start.
What the application lets through is a 500, and is written to stderr with the request's id.

gunicorn itself ends long requests in sync workers only, and with a 500. The master's loop tells the workers, and
systemd when it asks (WatchdogSec=), that it still runs: a hung master fails the health check and is restarted.
"""

import contextlib
import os
import sys

from plumbline_databases import settle_results
from plumbline_failures import listen_to_flask
from plumbline_guard_admission import mark_serving, settings
from plumbline_guard_asgi import AsgiGuard, listen_with_backlog
from plumbline_guard_limits import AlarmLimit, GreenletLimit, ThreadLimit
from plumbline_guard_master import hear, master_beat, when_ready
from plumbline_guard_wsgi import WsgiGuard, accepting
from plumbline_hop import mend
from plumbline_pages import load_pages

__all__ = ["configure", "post_worker_init", "when_ready"]


def configure(
    *,
    request_timeout,
    queue_timeout,
    proxy_read_timeout,
    slots,
    backlog,
    answer_health,
    web_socket_ping=20,
    serving_file="/run/plumbline/serving",
    master_silence=10,
):
    """Takes the plan's numbers (seconds; slots per worker). Called by gunicorn.conf.py, so again at every reload."""
    settings.__dict__.update(locals())
    master_beat.note()


def post_worker_init(worker):
    hear(worker.log)
    load_pages()
    listen_to_flask()
    if "celery" in sys.modules:
        with contextlib.suppress(Exception):  # settings of Celery's that do not load say so where they are used
            settle_results(sys.modules["celery"].current_app, os.environ)
    classes = {base.__name__ for base in type(worker).__mro__}
    if "ASGIWorker" in classes:
        from plumbline_lifespan import wait_for_startup

        wait_for_startup()
        worker.asgi = AsgiGuard(worker)
        mend(worker, request_timeout=settings.request_timeout, web_socket_ping=settings.web_socket_ping)
        listen_with_backlog(worker)
        return
    limits = {"SyncWorker": AlarmLimit, "ThreadWorker": thread_limit, "GeventWorker": GreenletLimit}
    for name in classes & limits.keys():
        worker.wsgi = WsgiGuard(worker, limits[name]())
        for listener in worker.sockets if name != "GeventWorker" else ():
            listener.accept = accepting(worker.wsgi, listener.accept)
        mend(worker, request_timeout=settings.request_timeout)
        mark_serving(worker)
        return
    raise RuntimeError(f"the request guard knows sync, gthread, gevent and asgi, not {type(worker).__name__}")


def thread_limit():
    return ThreadLimit(settings.slots, settings.proxy_read_timeout - settings.request_timeout)
