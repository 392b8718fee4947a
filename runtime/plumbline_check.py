"""`gunicorn --check-config`, which loads the application, and its pages with it: what a worker loads before it serves.

`python -m plumbline_check --config FILE` ends with a traceback and 1 where anything does not load, or is called
otherwise than this class of worker calls it: each request would be answered 500, and the guard answers the health check
itself.
"""

import inspect
import sys

from gunicorn.app.wsgiapp import WSGIApplication

from plumbline_pages import load_pages

WSGI, ASGI = ("environ", "start_response"), ("scope", "receive", "send")


class WrongCall(Exception):
    """What is named is no application of the kind that is called."""


def check_call(application, wanted):
    """What takes other arguments than an application does; of code in C, or behind `*args`, nothing is known."""
    other = WSGI if wanted is ASGI else ASGI
    if takes(application, wanted):
        return
    if takes(application, other):
        was, instead = ("wsgi", "asgi") if wanted is WSGI else ("asgi", "wsgi")
        raise WrongCall(f"{was} names an application that is called with {', '.join(other)}: give it as {instead}")
    if takes(application, ()):
        raise WrongCall("what is named makes an application: call it, for example mysite:create_app()")
    raise WrongCall(f"what is named cannot be called with {', '.join(wanted)}")


def takes(application, arguments):
    try:
        inspect.signature(application).bind(*arguments)
    except TypeError:
        return False
    except ValueError:
        return True
    return True


class Check(WSGIApplication):
    def load(self):
        application = super().load()
        check_call(application, ASGI if self.cfg.worker_class_str == "asgi" else WSGI)
        load_pages()
        return application


if __name__ == "__main__":
    sys.argv.append("--check-config")
    Check("%(prog)s [OPTIONS] [APP_MODULE]").run()
