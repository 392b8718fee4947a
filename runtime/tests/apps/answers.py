"""Answers before it has read the body, each path in another way; `/cookies?32` with 32 KiB of headers."""

import asyncio
import sys
import time

TEXT = b"not before you log in\n"
WORKED = "worked after its answer"
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", str(len(TEXT)))]


def cookies(kibibytes):
    line = len("Set-Cookie: \r\n")
    return [("Set-Cookie", "a" * (1024 - line))] * int(kibibytes)


class Closing(list):
    def __init__(self, seconds):
        super().__init__([TEXT])
        self.seconds = seconds

    def close(self):
        time.sleep(self.seconds)
        print(WORKED, file=sys.stderr, flush=True)


def application(environ, start_response):
    way = environ["PATH_INFO"]
    if way == "/fails":
        raise KeyError
    if way == "/late":
        for _ in range(3000):
            time.sleep(0.01)
    if way == "/reads-a-part":
        environ["wsgi.input"].read(1000)
    if way == "/reads-all":
        while environ["wsgi.input"].read(65536):
            pass
    if way == "/replaces":
        environ["wsgi.input"] = None
    if way == "/odd-header":
        start_response("403 Forbidden", [("Not a name", "1")])
        return [TEXT]
    more = cookies(environ["QUERY_STRING"]) if way == "/cookies" else []
    start_response("403 Forbidden", HEADERS + more)
    if way == "/file":
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    if way == "/works-on":
        return Closing(float(environ["QUERY_STRING"]))
    if way == "/generator":
        return (piece for piece in [TEXT])
    return [TEXT]


async def asgi(scope, receive, send):
    if scope["type"] == "websocket":
        await echo(receive, send)
        return
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    way = scope["path"]
    if way == "/fails":
        raise KeyError
    if way == "/late":
        await asyncio.sleep(30)
    if way == "/reads-a-part":
        await receive()
    if way == "/reads-all":
        while (await receive()).get("more_body"):
            pass
    more = cookies(scope["query_string"]) if way == "/cookies" else []
    headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS + more]
    if way == "/odd-header":
        headers = [(b"not a name", b"1")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": TEXT})
    if way == "/works-on":
        await asyncio.sleep(float(scope["query_string"]))
        print(WORKED, file=sys.stderr, flush=True)


async def echo(receive, send):
    """A WebSocket on which each message comes back."""
    while (message := await receive())["type"] != "websocket.disconnect":
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "websocket.send", "text": message["text"]})
    print(f"disconnected {message['code']}", file=sys.stderr, flush=True)
