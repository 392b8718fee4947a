"""Says how a request arrived: its method, path, headers and body, who asks, whom, and in which scheme."""

import json


def application(environ, start_response):
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    body = environ["wsgi.input"].read().decode()
    answer = {"method": environ["REQUEST_METHOD"], "path": environ["RAW_URI"], "headers": headers, "body": body}
    answer["client"] = [environ["REMOTE_ADDR"], int(environ.get("REMOTE_PORT", "-1"))]
    answer["server"] = [environ["SERVER_NAME"], int(environ["SERVER_PORT"])]
    answer["scheme"] = environ["wsgi.url_scheme"]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]


async def asgi(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        answer = {name: scope[name] for name in ("client", "server", "scheme")}
        await send({"type": "websocket.send", "text": json.dumps(answer)})
        await send({"type": "websocket.close"})
        return
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    query = scope["query_string"].decode()
    path = scope["raw_path"].decode() + (f"?{query}" if query else "")
    answer = {"method": scope["method"], "path": path, "headers": headers, "body": body.decode()}
    answer |= {name: scope[name] for name in ("client", "server", "scheme")}
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
