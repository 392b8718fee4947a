"""Applications that fail, without a framework, in Flask and in Starlette."""

import errno
import os

from flask import Flask
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse
from starlette.routing import Route

flask = Flask(__name__)
flask.config["PROPAGATE_EXCEPTIONS"] = {"yes": True}.get(os.environ.get("PROPAGATE"))
if "SILENCED" in os.environ:
    flask.logger.disabled = True


@flask.get("/boom")
def boom():
    raise RuntimeError("a bug in a view")


def bare(environ, start_response):
    if environ["PATH_INFO"] == "/connection":
        raise ConnectionResetError("a bug in a view")
    if environ["PATH_INFO"] == "/upload":
        raise OSError(errno.EROFS, "Read-only file system", "/srv/app/releases/4f2a/media/photo.jpg")
    if environ["PATH_INFO"] == "/late":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return late()
    raise RuntimeError("a bug in a view")


def late():
    yield b"first "
    raise RuntimeError("a bug in a view")


async def bare_asgi(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    if scope["path"] == "/late":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"12")]})
        await send({"type": "http.response.body", "body": b"first ", "more_body": True})
    raise RuntimeError("a bug in a view")


async def view(request):
    raise RuntimeError("a bug in a view")


async def work():
    raise RuntimeError("a bug in a view")


async def answered(request):
    return PlainTextResponse("ok", background=BackgroundTask(work))


starlette = Starlette(routes=[Route("/boom", view), Route("/after", answered)])
