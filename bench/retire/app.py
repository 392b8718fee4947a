"""One view that answers at once and one that always runs over its limit; importing takes IMPORT seconds of CPU."""

import os
import time

end = time.process_time() + float(os.environ["IMPORT"])
while time.process_time() < end:
    pass


def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        while True:
            time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"fast\n"]
