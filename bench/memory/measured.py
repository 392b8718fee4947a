"""The application as it is, with two things more: answers say which process gave them, and /collect makes that process
run a full garbage collection, which writes to every object that is not frozen."""

import gc
import importlib
import os

module, _, attribute = os.environ["MEASURED"].partition(":")
measured = getattr(importlib.import_module(module), attribute)


def application(environ, start_response):
    who = ("X-Pid", str(os.getpid()))
    if environ["PATH_INFO"] == "/collect":
        gc.collect()
        start_response("204 No Content", [who])
        return []
    return measured(environ, lambda status, headers, *more: start_response(status, [*headers, who], *more))
