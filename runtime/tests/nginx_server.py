"""A real nginx with the rendered configuration, before a gunicorn of the tests."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from database_servers import PROGRAMS

REPOSITORY = Path(__file__).parent.parent.parent
TEMPORARY = ("fastcgi", "uwsgi", "scgi")


def rendered(specification):
    """nginx.conf as the library has it."""
    command = ["npx", "tsx", "test/support/rendered-nginx.ts", json.dumps(specification)]
    return subprocess.check_output(command, cwd=REPOSITORY, text=True)


class Nginx:
    def __init__(self, folder, gunicorn, specification):
        self.folder = folder
        self.gunicorn = gunicorn
        self.port = free_port()
        conf = folder / "nginx.conf"
        conf.write_text(self.here(rendered(specification), gunicorn.folder))
        environment = {**os.environ, "PATH": PROGRAMS}
        self.process = subprocess.Popen(["nginx", "-c", conf, "-g", "daemon off;"], env=environment)
        end = time.monotonic() + 10
        while socket.socket().connect_ex(("127.0.0.1", self.port)):
            assert self.process.poll() is None, "nginx does not start"
            assert time.monotonic() < end, "nginx does not listen"
            time.sleep(0.02)

    def here(self, conf, sockets):
        """For this host: another user, port and folders, and without what its nginx does not know."""
        temporary = "".join(f"  {name}_temp_path {self.folder}/{name};\n" for name in TEMPORARY)
        for old, new in [
            (r"^user .*", "user root;"),
            (r"^ *listen \[.*\n", ""),
            (r"listen 80 ", f"listen {self.port} "),
            (r"^.*since nginx .*\n", ""),
            (r"^http \{\n", f"http {{\n{temporary}"),
            (r"/run/gunicorn/", f"{sockets}/"),
            (r"/run/plumbline/", f"{sockets}/"),
            (r"/var/spool/nginx/", f"{self.folder}/"),
            (r"/run/nginx.pid", f"{self.folder}/nginx.pid"),
            (r"/var/log/nginx/", f"{self.folder}/"),
            (r"buffer=32k flush=1s", ""),
            (r"/etc/nginx/plumbline_types.conf", f"{REPOSITORY}/runtime/plumbline_types.conf"),
            (r"/etc/nginx/passwords/", f"{self.folder}/passwords"),
            (r"/srv/app/current/.static/", f"{self.folder}/static/"),
        ]:
            conf = re.sub(old, new, conf, flags=re.MULTILINE)
        return conf

    def request(self, *arguments, **options):
        status, _, text = self.answer(*arguments, **options)
        return status, text

    def answer(self, path, headers=(), *, client="127.0.0.1", method="GET", body=None):
        """`client` is the address that it comes from; of a header that is given several times all are sent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=(client, 0))
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        length = [("Content-Length", str(len(body)))] if body else []
        host = [] if "Host" in dict(headers) else [("Host", "site.example")]
        for name, value in [*host, ("Connection", "close"), *length, *headers]:
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        connection.close()
        return response.status, response.getheaders(), text

    def asked(self, *arguments, **options):
        """What arrived at the application."""
        status, text = self.request(*arguments, **options)
        assert status == 200, text
        return json.loads(text)

    def log(self):
        return [json.loads(line) for line in (self.folder / "access.log").read_text().splitlines()]

    def reload(self):
        """With another nginx.conf; ends when it holds."""
        children = self.children()
        self.process.send_signal(signal.SIGHUP)
        while children & self.children():
            time.sleep(0.02)

    def children(self):
        return set(Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
