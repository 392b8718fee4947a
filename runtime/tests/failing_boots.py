"""Ways for a step of a boot to fail, by the real programs: what each writes, and with which status it ends."""

import contextlib
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from database_servers import PROGRAMS

RUNTIME = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
SETTINGS = """
SECRET_KEY = "for the tests"
INSTALLED_APPS = ["django.contrib.staticfiles", "django.contrib.contenttypes", "shop"]
ROOT_URLCONF = "site_.urls"
STATIC_URL = "/static/"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
"""
PROJECT = {
    "site_/__init__.py": "",
    "site_/settings.py": SETTINGS,
    "site_/urls.py": "urlpatterns = []\n",
    "site_/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
    "shop/__init__.py": "",
    "shop/models.py": "",
}


class Boot:
    """One attempt, in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, command, **environment):
        """In a shell, as a step does: what it has written, and its status."""
        path = f"{BIN}:{PROGRAMS}:{os.environ['PATH']}"
        clean = {name: value for name, value in os.environ.items() if "SETTINGS_MODULE" not in name}
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env={**clean, "PATH": path, "LC_ALL": "C.UTF-8", "RUNTIME": str(RUNTIME), **environment},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=60,
        )
        return ended.stdout, ended.returncode

    def write(self, files):
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)

    def django(self, command, files=(), more="", **environment):
        """A project, with `more` settings, under the overlay."""
        self.write({**PROJECT, "site_/settings.py": SETTINGS + more, **dict(files)})
        own = {"DJANGO_SETTINGS_MODULE": "plumbline_django", "PLUMBLINE_SETTINGS_MODULE": "site_.settings"}
        return self.run(command, **{"PYTHONPATH": f"{RUNTIME}:{self.folder}", **own, **environment})

    def site(self, text, command="gunicorn --check-config site_app:app", **environment):
        """An application of one file."""
        self.write({"site_app.py": text})
        return self.run(command, **environment)

    def nginx(self, http):
        self.write({"nginx.conf": f"pid {self.folder}/pid;\nevents {{}}\nhttp {{\n{http}\n}}\n"})
        return self.run(f"nginx -t -c {self.folder}/nginx.conf")

    def wheel(self, name, version, *requires, tag="py3-none-any"):
        information = f"{name}-{version}.dist-info"
        needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
        with zipfile.ZipFile(self.folder / f"{name}-{version}-{tag}.whl", "w") as file:
            file.writestr(
                f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
            )
            file.writestr(f"{information}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            file.writestr(f"{information}/RECORD", "")

    def sdist(self, name, version, setup):
        folder = f"{name}-{version}"
        information = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        self.write({f"{folder}/setup.py": setup, f"{folder}/PKG-INFO": information})
        self.run(f"tar czf {folder}.tar.gz {folder} && rm -r {folder}")

    def uv(self, requirements, options="--no-index --find-links . --no-build"):
        self.write({"requirements.txt": requirements})
        install = f"uv pip install -p .venv {options} -r requirements.txt"
        environment = {"UV_CACHE_DIR": str(self.folder / "cache"), "UV_NO_PROGRESS": "1", "UV_HTTP_RETRIES": "0"}
        return self.run(f"uv venv -q -p {sys.executable} .venv; {install}", **environment)

    @contextlib.contextmanager
    def answering(self, status, body=b"", tls=False, content_type="application/octet-stream"):
        """A server that gives every request the same answer."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self.run("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key -out crt 2>/dev/null")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.folder / "crt", self.folder / "key")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http{'s' if tls else ''}://localhost:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()


COLLECT = 'python "$RUNTIME/plumbline_django.py" collectstatic'
MIGRATE = """python -c 'import django; django.setup(); from django.core.management import call_command as call
call("migrate", interactive=False, skip_checks=False)'"""
# As the unit starts it, but for the time that it has.
SERVE = "timeout 20 gunicorn -b unix:sock --worker-tmp-dir /dev/shm"

FILE_HANDLER = "'handlers': {'file': {'class': 'logging.FileHandler', 'filename': '/proc/logs/site.log'}}"
LOGGING = f"LOGGING = {{'version': 1, {FILE_HANDLER}, 'root': {{'handlers': ['file']}}}}\n"
LOGGING_FILE = f"import logging.config\n{LOGGING}logging.config.dictConfig(LOGGING)\n"
STATIC_FILE = {"shop/static/site.css": "body {}"}
MISSING_STATIC = {"shop/static/site.css": "body { background: url('no.png') }"}
MANIFEST = "STORAGES = {'staticfiles': {'BACKEND': 'django.contrib.staticfiles.storage.ManifestStaticFilesStorage'}}"
MODEL = """
from django.db import models


class Item(models.Model):
    order = models.ForeignKey("shop.Order", models.CASCADE)
"""
MIGRATION = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [{}]
    operations = [{}]
"""
ALTER = "migrations.RunSQL('ALTER TABLE shop_order ADD paid int')"
BROKEN_MIGRATION = {"shop/migrations/__init__.py": "", "shop/migrations/0001_initial.py": MIGRATION.format("", ALTER)}
ORPHANED_MIGRATION = {
    "shop/migrations/__init__.py": "",
    "shop/migrations/0002_more.py": MIGRATION.format("('shop', '0001_initial')", ""),
}
DATABASE = "DATABASES = {{'default': {{'ENGINE': 'django.db.backends.{}', 'HOST': '{}', 'PORT': 1, 'NAME': 'shop'}}}}"
AS_MYSQLDB = "import pymysql\npymysql.version_info = (2, 2, 4, 'final', 0)\npymysql.install_as_MySQLdb()\n"
COMMAND = {
    "shop/management/__init__.py": "",
    "shop/management/commands/__init__.py": "",
    "shop/management/commands/fill.py": """
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    def handle(self, **_):
        raise CommandError("the catalogue is empty")
""",
}
# In the step's own folder: archives of the host are not asked.
APT = """mkdir -p lists/partial; echo 'deb http://archive.invalid/debian trixie main' >sources.list
apt-get -qq -o Dir::Etc::sourcelist=$PWD/sources.list -o Dir::Etc::sourceparts=- -o Dir::State::lists=$PWD/lists \\
  -o Acquire::Retries=0 -o APT::Update::Error-Mode=any update"""
PIP = """python -m pip install -q --disable-pip-version-check --retries 1 --timeout 2 --target tools \\
  --index-url https://pypi.invalid/simple uv==0.13.9"""


def mounted(how):
    """A folder `out` for the static files, mounted so for this step alone."""
    return f"mkdir out; unshare -m bash -c '{how}; {COLLECT}'"


def untrusted(b, attempt):
    with b.answering(200, tls=True) as url:
        return attempt(url)


def refused(b, attempt):
    with b.answering(401) as url:
        return attempt(url)


def s3(b, status, body):
    """As the bootstrap asks for an object."""
    error = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{body}</Error>'
    with b.answering(status, error.encode()) as url:
        tell = '{ sed "s/<[^>]*>/ /g" app.zip; exit 1; }'
        return b.run(f"curl -sS --fail-with-body -o app.zip {url}/app.zip || {tell}")


def download(b, url):
    """As the bootstrap fetches what is public: options that say where from are those of its own files."""
    says_where = re.findall(r" -w '.*?'", Path(RUNTIME, "plumbline_machine.sh").read_text())[0]
    return b.run(f"curl -sSfL{says_where} -o archive {url}/archive")


def clone(b, url, ref="main"):
    return b.run(f"git init -q .; GIT_TERMINAL_PROMPT=0 git fetch -q --depth 1 {url} {ref}")


def serve_on_a_taken_port(b):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        return b.site("app = 1\n", f"timeout 20 gunicorn -b 127.0.0.1:{listener.getsockname()[1]} site_app:app")


REPOSITORY = "git init -q origin; cd origin; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first"
DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/site/i-0123 is not authorized to perform: s3:GetObject on resource: "
    '"arn:aws:s3:::assets/app.zip"'
)
BOOTS = {}


def boot(step, event):
    """The function fails `step`, and `event` is what CloudFormation shows."""

    def add(fail):
        BOOTS[fail.__name__.replace("_", " ")] = (fail, step, event)
        return fail

    return add
