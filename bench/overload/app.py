"""The application under load: /cpu?ms=20 computes, /sleep?ms=300 waits. It writes down what each request has cost."""

import os
import time
from urllib.parse import parse_qs

costs = os.open(os.environ["COSTS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND) if "COSTS" in os.environ else None


def compute(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(200))


def application(environ, start_response):
    began, cpu = time.monotonic(), time.thread_time()
    query = parse_qs(environ["QUERY_STRING"])
    seconds = int(query.get("ms", ["0"])[0]) / 1000
    if environ["PATH_INFO"] == "/cpu":
        compute(seconds)
    else:
        time.sleep(seconds)
    if "id" in query:
        cost = f"{query['id'][0]} {time.thread_time() - cpu:.6f} {time.monotonic() - began:.6f}\n"
        os.write(costs, cost.encode())
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\n"]
