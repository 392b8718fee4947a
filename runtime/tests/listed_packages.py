"""A project that names packages: what uv is asked for, and an index to ask."""

import contextlib
import hashlib
import shutil
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import plumbline_requirements

SERVER = "gunicorn==27.0.1"
UV = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))


class Project:
    """In the working folder."""

    def __init__(self, wanted, capsys):
        self.wanted = wanted
        self.capsys = capsys

    def __call__(self, files, *options, fails=False):
        """Writes the files of the project; returns what uv is asked for, and what was said."""
        for name, text in files.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
        common = [str(self.wanted), "--uv", UV, "--python", sys.executable, "--server", SERVER]
        assert plumbline_requirements.main([*common, *options]) == int(fails)
        said = self.capsys.readouterr().out.splitlines()
        if fails:
            return said[-1]
        names = ("requirements", "constraints", "sources")
        return {name: (self.wanted / f"{name}.txt").read_text().splitlines() for name in names} | {
            "arguments": (self.wanted / "project").read_text().splitlines(),
            "server": (self.wanted / "server").read_text().splitlines()[-1],
            "said": said,
            "itself": (self.wanted / "itself").read_text().strip() if (self.wanted / "itself").exists() else "",
        }

    def installed(self, **environment):
        """What uv would install of what it is asked for last."""
        arguments = (self.wanted / "project").read_text().splitlines()
        own = {"UV_CACHE_DIR": str(self.wanted / "cache"), "UV_NO_PROGRESS": "1", "PATH": "/usr/bin:/bin"}
        run = partial(subprocess.run, env=own | environment, capture_output=True, text=True, timeout=60)
        run([UV, "venv", "-q", "--allow-existing", "-p", sys.executable, self.wanted / "venv"], check=True)
        result = run([UV, "pip", "install", "--dry-run", "-p", self.wanted / "venv", *arguments])
        assert result.returncode == 0, result.stderr
        return {line[3:] for line in result.stderr.splitlines() if line.startswith(" + ")}


class Index:
    """Folders of wheels, each an index of its own."""

    def __init__(self, folder, url):
        self.folder = folder
        self.url = url

    def add(self, index, name, version, content=""):
        """Puts a wheel of nothing into an index, and returns its hash."""
        page = self.folder / index / name / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        wheel = page.parent / f"{name}-{version}-py3-none-any.whl"
        information = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as file:
            file.writestr(f"{name}.py", content)
            file.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            file.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            file.writestr(f"{information}/RECORD", "")
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        with page.open("a") as file:
            file.write(f'<a href="{wheel.name}#sha256={found}">{wheel.name}</a>\n')
        return found


@contextlib.contextmanager
def serving(folder):
    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Index(folder, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
