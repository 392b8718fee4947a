"""The WSGI application's ways, as an ASGI application writes them."""

import asyncio
import os
import time

from wsgi import WAYS, record


async def naps(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(0.01)


async def swallow(seconds):
    try:
        await naps(seconds)
    except BaseException:
        await naps(0.2)


AWAITED = {"naps": naps, "sleep": asyncio.sleep, "swallow": swallow}


async def echo(receive, send):
    """Each message comes back, `tick` over and over."""
    while (message := await receive())["type"] != "websocket.disconnect":
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
            continue
        await send({"type": "websocket.send", "text": message["text"]})
        while message["text"] == "tick":
            await asyncio.sleep(0.1)
            await send({"type": "websocket.send", "text": message["text"]})
    record(f"disconnected {message['code']}")


async def application(scope, receive, send):
    if scope["type"] == "websocket":
        await echo(receive, send)
        return
    if scope["type"] != "http":
        raise NotImplementedError
    way = scope["path"].split()[0].strip("/")
    seconds = float(scope["query_string"] or 0)
    record(way)
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
    if way in ("stream", "quiet-stream"):
        await send(start)
        try:
            if way == "stream":
                await send({"type": "http.response.body", "body": b"first ", "more_body": True})
            await naps(seconds)
            await send({"type": "http.response.body", "body": b"last"})
        finally:
            record("closed")
        return
    if way == "closing":
        await send(start)
        await send({"type": "http.response.body", "body": b"sent"})
        record("begins to close")
        await naps(seconds)
        record("closed")
        return
    if way in AWAITED:
        await AWAITED[way](seconds)
    else:
        WAYS[way](seconds)
    token = dict(scope["headers"]).get(b"x-token", b"").decode()
    await send(start)
    await send({"type": "http.response.body", "body": f"{os.getpid()} {token}".encode()})
