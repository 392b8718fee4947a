"""Applications that fail, without a framework, in Flask and in Starlette."""

import errno
import os
import socket

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


@flask.get("/caught")
def caught():
    raise LookupError("a bug in a view")


@flask.errorhandler(LookupError)
def answer(error):
    return {"error": "internal"}, 500


def bare(environ, start_response):
    if environ["PATH_INFO"] == "/connection":
        raise ConnectionResetError("a bug in a view")
    if environ["PATH_INFO"] == "/upload":
        raise OSError(errno.EROFS, "Read-only file system", "/srv/app/releases/4f2a/media/photo.jpg")
    if environ["PATH_INFO"] == "/caught":
        start_response("500 Internal Server Error", [("Content-Length", "0")])
        return []
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
    if scope["path"] == "/caught":
        await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"0")]})
        return await send({"type": "http.response.body", "body": b""})
    if scope["path"] == "/late":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"12")]})
        await send({"type": "http.response.body", "body": b"first ", "more_body": True})
    raise RuntimeError("a bug in a view")


async def view(request):
    raise RuntimeError("a bug in a view")


ERRORS = {
    "refused": ConnectionRefusedError(111, "a bug in a view"),
    "read-only": OSError(errno.EROFS, "a bug in a view"),
    "name": socket.gaierror(-2, "a bug in a view"),
    "timeout": TimeoutError("a bug in a view"),
}


async def of_the_system(request):
    raise ERRORS[request.path_params["error"]]


async def work():
    raise RuntimeError("a bug in a view")


async def answered(request):
    return PlainTextResponse("ok", background=BackgroundTask(work))


starlette = Starlette(routes=[Route("/boom", view), Route("/after", answered), Route("/os/{error}", of_the_system)])
