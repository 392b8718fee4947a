"""Answers as large as wanted. Uploads are taken as Django takes them: to a file, for as long as the request."""

import tempfile
import time
from urllib.parse import parse_qs

CHUNK = 1 << 16


def application(environ, start_response):
    asked = {name: float(values[0]) for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    size = int(asked.get("mib", 0)) << 20
    if environ["REQUEST_METHOD"] == "POST":
        with tempfile.NamedTemporaryFile() as file:
            while part := environ["wsgi.input"].read(CHUNK):
                file.write(part)
            file.flush()
            time.sleep(asked.get("seconds", 0))
            start_response("200 OK", [])
            return [str(file.tell()).encode()]
    start_response("200 OK", [("Content-Length", str(size))])
    return (b"x" * CHUNK for _ in range(0, size, CHUNK))
