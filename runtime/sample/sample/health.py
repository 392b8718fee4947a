"""What a health view should check: what this process needs for any answer at all, and nothing that all machines share.
That it answers shows that settings, middleware, URLconf and all that they import have loaded.
A database that is down would fail the health check of every machine at once, and the load balancer would replace them
all, without a database having come back. So what is shared is told, not judged."""

from django.core.cache import caches
from django.db import connections
from django.http import JsonResponse

from sample.worker import who_answers


def health(request):
    dependencies = {f"database {name}": probe(connect, name) for name in databases()}
    dependencies |= {f"cache {name}": probe(write_and_read, name) for name in caches.settings}
    return JsonResponse({"status": "ok", "dependencies": dependencies, **who_answers()})


def databases():
    return [name for name, database in connections.settings.items() if not database["ENGINE"].endswith(".dummy")]


def connect(name):
    with connections[name].cursor() as cursor:
        cursor.execute("SELECT 1")


def write_and_read(name):
    caches[name].set("health", "ok", timeout=10)
    if caches[name].get("health") != "ok":
        raise RuntimeError("what was written is not read back")


def probe(check, name):
    try:
        check(name)
    except Exception as error:
        return type(error).__name__  # not the message, which may hold host names or credentials
    return "ok"
