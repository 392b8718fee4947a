"""Views that take as long, as much processor or as much memory as the caller says, to show what the request path makes
of it. The answers in JSON tell which release and worker gave them."""

import asyncio
import time

from asgiref.sync import iscoroutinefunction
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import BadRequest
from django.http import Http404, JsonResponse
from django.shortcuts import render
from django.views import defaults

from sample.stuck import hold
from sample.worker import who_answers

LONGEST_SECONDS = 4000  # the longest idle timeout of an Application Load Balancer
MOST_MEBIBYTES = 65536


def choose_views(get_response):
    """Middleware: under ASGI the views of async_urls.py, in the same project."""

    async def choose(request):
        request.urlconf = "sample.async_urls"
        return await get_response(request)

    return choose if iscoroutinefunction(get_response) else get_response


choose_views.sync_capable = choose_views.async_capable = True


def index(request):
    ledger = apps.is_installed("ledger")
    return render(request, "sample/index.html", {**who_answers(), "ledger": ledger, "cached": settings.CACHED})


def slow(request):
    """Waits in short naps: Python runs between them, as in most code that waits."""
    started = time.monotonic()
    end = started + seconds(request)
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.1))
    return done("slow", started)


async def slow_async(request):
    started = time.monotonic()
    await asyncio.sleep(seconds(request))
    return done("slow", started)


def stuck(request):
    """Waits in one C call, which no Python code can end. With `lock=released` the process' other threads go on
    meanwhile, as in a wait for a database; without, the whole process stands still."""
    started = time.monotonic()
    hold(seconds(request), interpreter_lock=request.GET.get("lock") != "released")
    return done("stuck", started)


def spin(request):
    """Computes in Python without a pause until the time is over."""
    started = time.monotonic()
    end = started + seconds(request)
    while time.monotonic() < end:
        pass
    return done("spin", started)


async def spin_async(request):
    """The same in the event loop, which serves nobody else meanwhile."""
    return spin(request)


def work(request):
    """Takes an amount of processor time, however long that lasts on a busy machine."""
    started = time.monotonic()
    end = time.thread_time() + number(request, "milliseconds", LONGEST_SECONDS * 1000) / 1000
    while time.thread_time() < end:
        pass
    return done("work", started)


def eat(request):
    """Fills memory and keeps it for the seconds given."""
    if not settings.EAT:
        raise Http404("/eat is off: set SAMPLE_EAT=1 in the environment")
    started = time.monotonic()
    eaten = b"\1" * int(number(request, "mebibytes", MOST_MEBIBYTES) * 2**20)  # not zeros: they would take no memory
    time.sleep(number(request, "seconds", LONGEST_SECONDS, default="0"))
    return done("eat", started, bytes=len(eaten))


def cached(request):
    """Gives, for a minute, what the first process has computed."""
    started = time.monotonic()
    value = cache.get("computed")
    hit = value is not None
    if not hit:
        value = {"pid": who_answers()["pid"], "at": time.time()}
        cache.set("computed", value, timeout=60)
    return done("cached", started, hit=hit, value=value)


def done(view, started, **more):
    return JsonResponse({"view": view, "seconds": round(time.monotonic() - started, 3), **more, **who_answers()})


def seconds(request):
    return number(request, "seconds", LONGEST_SECONDS)


def number(request, name, most, default=""):
    given = request.GET.get(name, default)
    try:
        value = float(given)
    except ValueError:
        raise BadRequest(f"{name} must be a number, got {given!r}") from None
    if not 0 <= value <= most:
        raise BadRequest(f"{name} must be between 0 and {most}, got {given}")
    return value


def bad_request(request, exception):
    if not isinstance(exception, BadRequest):
        return defaults.bad_request(request, exception)
    return JsonResponse({"error": str(exception)}, status=400)
