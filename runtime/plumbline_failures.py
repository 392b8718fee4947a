"""Tells the journal, which stderr is, what failed in the application. A project's logging, Django's default too, may
silence its loggers or send them elsewhere. Where it writes a traceback to the journal, it stands: nothing is written
twice.
"""

import errno
import io
import logging
import sys
import traceback
from types import SimpleNamespace

REQUEST_ID_HEADER = "X-Request-Id"  # nginx makes it, and takes a client's own away
REQUEST_ID = "HTTP_X_REQUEST_ID"
# In the environ of WSGI and the scope of ASGI, whose copies share it: a list, empty while nobody has told of a failure.
TOLD = "plumbline.told"


def write(line, details=""):
    """In one piece, so that no lines of others come between. Celery puts a logger in the place of sys.stderr."""
    sys.__stderr__.write(f"{line}\n{details}")
    sys.__stderr__.flush()


def request_failed(method, path, request_id, error, logger=None):
    """`logger` is the one that is about to be given the traceback, if any."""
    details = "" if logger and reaches_journal(logger, error) else traceback_of(error)
    line = f"request guard: {printable(method)} {printable(path)} failed (request {printable(request_id or '-')})"
    write(line, details + where_to_write(error))


def request_failed_silently(method, path, request_id):
    """A handler of its own has caught the exception, or the framework keeps it to itself, as Litestar does."""
    request = f"{printable(method)} {printable(path)}"
    write(f"request guard: {request} answered 500 and raised nothing (request {printable(request_id or '-')})")


def where_to_write(error):
    """Where something was to be written that nobody may write to: the place for it."""
    for _ in range(10):  # of a chain
        if isinstance(error, OSError) and error.errno == errno.EROFS:
            return (
                f"{error.filename} cannot be written: a release is read-only. /var/lib/app (HOME) can, and goes with "
                "the machine; what users upload has a place with Media.onInstance() or Media.bucket(), a folder of the "
                "project with linkedDirs of Media.onInstance()\n"
            )
        error = error and (error.__cause__ or error.__context__)
    return ""


def traceback_of(error):
    return "".join(traceback.format_exception(error))


def printable(text):
    """Of what a client sent: no control characters."""
    return text.encode("unicode_escape").decode()


def reaches_journal(logger, error=None):
    """Whether an error that is logged there comes to the process' own output, with its traceback. A handler that is no
    stream (mail, a service, a queue) counts as silent: where it is not, a traceback twice is better than none."""
    if not logger.isEnabledFor(logging.ERROR):
        return False
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logger.makeRecord(logger.name, logging.ERROR, __file__, 0, "", (), exc_info)
    if not logger.filter(record):
        return False
    return any(
        isinstance(handler, logging.StreamHandler)
        and not leads_elsewhere(handler.stream)
        and handler.level <= logging.ERROR
        and handler.filter(record)
        and (error is None or writes_traceback(handler, record))
        for handler in handlers_of(logger) or [logging.lastResort]
    )


def leads_elsewhere(stream):
    """One that has no number may be a stand-in for ours, such as Flask's and Celery's."""
    try:
        number = stream.fileno()
    except Exception:
        return isinstance(stream, io.StringIO)
    return number not in (None, 1, 2)


def writes_traceback(handler, record):
    """A formatter of the project's own, such as one that writes JSON, may leave it out."""
    try:
        return "Traceback (most recent call last)" in handler.format(record)
    except Exception:
        return False


def handlers_of(logger):
    found = []
    while logger:
        found += logger.handlers
        logger = logger.parent if logger.propagate else None
    return found


def django_request_failed(request, **_):
    """Receives django.core.signals.got_request_exception, which Django sends before it logs."""
    from django.conf import settings

    if not settings.DEBUG_PROPAGATE_EXCEPTIONS:  # else it comes to who called Django
        meta = request.META
        logger = logging.getLogger("django.request")
        getattr(request, "scope", meta).get(TOLD, []).append(True)
        request_failed(request.method, request.path, meta.get(REQUEST_ID), sys.exc_info()[1], logger)


def flask_request_failed(sender, exception, **_):
    """Receives flask.got_request_exception, which Flask sends before it logs."""
    propagate = sender.config["PROPAGATE_EXCEPTIONS"]
    if propagate or (propagate is None and (sender.testing or sender.debug)):  # it comes to who called Flask
        return
    environ = sys.modules["flask"].request.environ
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    environ.get(TOLD, []).append(True)
    request_failed(method, path, environ.get(REQUEST_ID), exception, sender.logger)


def listen_to_flask():
    """Once the application has loaded."""
    signals = sys.modules.get("flask.signals", SimpleNamespace(signals_available=False))
    if getattr(signals, "signals_available", True):  # before Flask 2.3 they need a package of their own
        signals.got_request_exception.connect(flask_request_failed)


def job_failed(job, exception_type, error, trace):
    """Of RQ's exception handlers; the next one is asked too."""
    details = "" if reaches_journal(logging.getLogger("rq.worker"), error) else traceback_of(error)
    details += where_to_write(error)
    if details:
        write(f"rq: {job.func_name} failed (job {job.id})", details)
    return True


def task_failed(sender, task_id, exception, einfo, **_):
    """Receives celery.signals.task_failure. What a task says it throws is no failure."""
    if isinstance(exception, tuple(sender.throws or ())):
        return
    reaches = reaches_journal(logging.getLogger("celery.app.trace"), exception)
    details = "" if reaches else f"{str(einfo.traceback).rstrip()}\n"
    details += where_to_write(exception)
    if details:
        write(f"celery: {sender.name} failed (task {task_id})", details)
