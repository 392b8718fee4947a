"""An application that starts as a file beside the record says: after so many seconds, or not at all."""

import os
import time
from pathlib import Path

import asgi
import wsgi

START = Path(os.environ["RECORD"]).with_name("start")
start = START.read_text() if START.exists() else "0"
if start != "no lifespan":
    time.sleep(float(start))
application = wsgi.application


async def asgi_application(scope, receive, send):
    if scope["type"] == "lifespan" and start == "no lifespan":
        await receive()
        return await send({"type": "lifespan.startup.failed", "message": "the application says no"})
    return await asgi.application(scope, receive, send)
