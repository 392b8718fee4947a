"""What a user writes for nginx has its effect, through a real nginx: headers on every kind of answer, each once; types,
encodings and compression of files; and values as they were written, over a table of them."""

import collections
import gzip
import os
import subprocess

import pytest
from database_servers import PROGRAMS
from nginx_server import Nginx, rendered

from conftest import Server

APP = """
def application(environ, start_response):
    status = environ["QUERY_STRING"] or "200 OK"
    headers = [("Content-Type", "text/plain")]
    if environ["PATH_INFO"] == "/says":
        headers += [("X-Frame-Options", "SAMEORIGIN"), ("Cache-Control", "private"), ("Set-Cookie", "app=1")]
    start_response(status.replace("%20", " "), headers)
    return [b"page"]
"""
# each file of the static ones, and the Content-Type that browsers want of it
TYPES = {
    "mod.mjs": "text/javascript; charset=utf-8",
    "main.js": "application/javascript; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
    "notes.txt": "text/plain; charset=utf-8",
    "page.html": "text/html; charset=utf-8",
    "data.csv": "text/csv; charset=utf-8",
    "film.vtt": "text/vtt; charset=utf-8",
    "site.webmanifest": "application/manifest+json",
    "main.js.map": "application/json",
    "data.json": "application/json",
    "places.geojson": "application/geo+json",
    "app.wasm": "application/wasm",
    "icon.svg": "image/svg+xml",
    "photo.avif": "image/avif",
    "photo.webp": "image/webp",
    "photo.jxl": "image/jxl",
    "text.woff2": "font/woff2",
    "text.ttf": "font/ttf",
    "film.mp4": "video/mp4",
    "film.m4v": "video/x-m4v",
    "sound.opus": "audio/ogg",
    "model.glb": "model/gltf-binary",
    "paper.pdf": "application/pdf",
    "unknown.xyz": "application/octet-stream",
}
COMPRESSED = ["mod.mjs", "main.js", "app.css", "page.html", "site.webmanifest", "main.js.map", "app.wasm", "icon.svg"]
COMPRESSED += ["text.ttf", "data.json", "notes.txt", "data.csv", "places.geojson"]


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gunicorn")
    (folder / "site_app.py").write_text(APP)
    server = Server(folder, "gthread", app="site_app:application")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def nginx(gunicorn, tmp_path_factory):
    servers = {}

    def start(**directives):
        key = str(directives)
        if key not in servers:
            folder = tmp_path_factory.mktemp("nginx")
            servers[key] = Nginx(folder, gunicorn, {"plan": {"nginxDirectives": directives}})
            (folder / "static").mkdir()
            for name in TYPES:
                (folder / "static" / name).write_text("é" * 2000)
        return servers[key]

    yield start
    for server in servers.values():
        server.stop()


def headers_of(nginx, path, **options):
    status, headers, _ = nginx.answer(path, [("X-Forwarded-For", "198.51.100.7")], **options)
    return status, [(name.lower(), value) for name, value in headers]


def values(headers, name):
    return [value for one, value in headers if one == name]


# ---- headers

ANSWERS = {
    "a page": ("/", 200),
    "a failure of the application": ("/?500%20Failed", 500),
    "a file": ("/static/app.css", 200),
    "a file that is not there": ("/static/missing.css", 200),
    "a health check of others": ("/health", 200),
    "a place of our own": ("/.plumbline/health", 404),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_a_header_stands_on(nginx, what):
    path, code = ANSWERS[what]
    status, headers = headers_of(nginx(add_header='Strict-Transport-Security "max-age=60; preload" always'), path)
    assert (status, values(headers, "strict-transport-security")) == (code, ["max-age=60; preload"])


@pytest.mark.parametrize("code", [413, 502, 503])
def test_it_stands_on_our_own(gunicorn, tmp_path, code):
    specification = {"plan": {"nginxDirectives": {"add_header": "X-Frame-Options DENY always"}}}
    (tmp_path / "sockets").mkdir()
    server = Nginx(tmp_path, gunicorn if code == 413 else Nowhere(tmp_path / "sockets"), specification)
    try:
        if code == 503:  # as where max_conns is reached
            conf = (tmp_path / "nginx.conf").read_text()
            (tmp_path / "nginx.conf").write_text(conf.replace('$full { default "";', "$full { default full;"))
            server.reload()
        status, headers = headers_of(server, "/", method="POST", body=b"a" * ((11 << 20) if code == 413 else 1))
        assert (status, values(headers, "x-frame-options")) == (code, ["DENY"])
        assert values(headers, "retry-after") == (["1"] if code == 503 else [])
    finally:
        server.stop()


class Nowhere:
    def __init__(self, folder):
        self.folder = folder


def test_without_always_it_is_not_on_errors_as_nginx_has_it(nginx):
    server = nginx(add_header="X-Robots-Tag noindex")
    assert values(headers_of(server, "/")[1], "x-robots-tag") == ["noindex"]
    assert values(headers_of(server, "/?500%20Failed")[1], "x-robots-tag") == []


def test_what_the_application_says_itself_stays_and_stands_once(nginx):
    server = nginx(add_header="X-Frame-Options DENY always")
    assert values(headers_of(server, "/says")[1], "x-frame-options") == ["SAMEORIGIN"]
    assert values(headers_of(server, "/")[1], "x-frame-options") == ["DENY"]
    cookies = nginx(add_header='Set-Cookie "seen=1; Path=/"')
    assert sorted(values(headers_of(cookies, "/says")[1], "set-cookie")) == ["app=1", "seen=1; Path=/"]


def test_it_takes_the_place_of_the_application_s_where_that_is_hidden(nginx):
    server = nginx(add_header="X-Frame-Options DENY always", proxy_hide_header="X-Frame-Options")
    assert values(headers_of(server, "/says")[1], "x-frame-options") == ["DENY"]


@pytest.mark.parametrize(
    ("header", "name", "expected"),
    [
        ("X-Content-Type-Options sniff always", "x-content-type-options", ["sniff"]),
        ('cache-control "no-cache"', "cache-control", ["no-cache"]),
        ("X-Other 1", "cache-control", ["public, max-age=300"]),
        ("X-Other 1", "x-content-type-options", ["nosniff"]),
    ],
)
def test_of_files_it_takes_the_place_of_ours(nginx, header, name, expected):
    assert values(headers_of(nginx(add_header=header), "/static/app.css")[1], name) == expected


def test_expires_takes_the_place_of_our_cache_control(nginx):
    headers = headers_of(nginx(expires="1h"), "/static/app.css")[1]
    assert values(headers, "cache-control") == ["max-age=3600"]


def test_no_answer_has_a_header_twice(nginx):
    for header in ("Cache-Control no-store always", "X-Content-Type-Options nosniff always", "Retry-After 5 always"):
        for path in ("/", "/says", "/static/app.css", "/?503%20Busy", "/health"):
            names = collections.Counter(name for name, _ in headers_of(nginx(add_header=header), path)[1])
            assert max(names.values()) == 1, (header, path, names)


# ---- files


@pytest.mark.parametrize("name", TYPES)
def test_a_file_has_the_type_that_browsers_want(nginx, name):
    assert values(headers_of(nginx(), f"/static/{name}")[1], "content-type") == [TYPES[name]]


@pytest.mark.parametrize("name", TYPES)
def test_what_is_worth_it_is_compressed(nginx, name):
    asking = [("X-Forwarded-For", "198.51.100.7"), ("Accept-Encoding", "gzip")]
    headers = dict(nginx().answer(f"/static/{name}", asking)[1])
    assert ("gzip" in headers.get("Content-Encoding", "")) == (name in COMPRESSED)


def test_one_that_was_compressed_before_keeps_its_type(nginx):
    (nginx().folder / "static/ready.mjs").write_text("plain")
    (nginx().folder / "static/ready.mjs.gz").write_bytes(gzip.compress(b"ready"))
    asking = [("X-Forwarded-For", "198.51.100.7"), ("Accept-Encoding", "gzip")]
    headers = dict(nginx().answer("/static/ready.mjs", asking)[1])
    assert (headers["Content-Encoding"], headers["Content-Type"]) == ("gzip", "text/javascript; charset=utf-8")


def test_settings_of_the_user_hold_for_files_too(nginx):
    asking = [("X-Forwarded-For", "198.51.100.7"), ("Accept-Encoding", "gzip")]
    headers = dict(nginx(gzip="off", charset="off").answer("/static/app.css", asking)[1])
    assert headers["Content-Type"] == "text/css"
    assert "Content-Encoding" not in headers


# ---- values

WRITTEN = [
    *[("client_max_body_size", value) for value in ("1m", "512k", "10M", "1g", "0", "1048577", "3")],
    *[("send_timeout", value) for value in ("400s", "7m", "1h", "6m 40s", '"6m 40s"', "999500ms", "400", "1d")],
    *[("keepalive_timeout", value) for value in ("400s", "7m", "326001ms")],
    *[("client_body_timeout", value) for value in ("60", "1m", "1m30s", "1500ms")],
    *[("worker_connections", value) for value in ("8192", "16384")],
    *[("upstream.max_conns", value) for value in ("170", "200")],
    ("proxy_ignore_client_abort", "off"),
    ("proxy_ignore_client_abort", "OFF"),
    *[("gzip_comp_level", "6"), ("gzip_types", "text/css application/json"), ("gzip_proxied", "expired no-cache")],
    *[("add_header", "X-A 'one two'"), ("add_header", '"X-B" "a \\"b\\" c" always'), ("add_header", "X-C $host")],
    *[("log_not_found", "off"), ("limit_rate", "1m"), ("expires", "30d"), ("charset", "utf-8"), ("etag", "off")],
    *[("client_body_buffer_size", "64k"), ("server_tokens", "on"), ("proxy_set_header", 'X-Region "eu west"')],
    *[("error_log", "/dev/null crit"), ("satisfy", "any"), ("types_hash_max_size", "8192")],
]


@pytest.mark.parametrize(("name", "value"), WRITTEN)
def test_nginx_reads_a_value_that_stands_as_it_was_written(tmp_path, name, value):
    conf = rendered({"plan": {"nginxDirectives": {name: value}, "volumeSize": 64 << 10}})
    quoted = f'"{value}"' if value == "6m 40s" else value
    shown = {"worker_connections": f"worker_connections {value}; }}", "upstream.max_conns": f"max_conns={value};"}
    if name != "add_header":
        assert shown.get(name, f"{name} {quoted};") in conf
    assert refusals(tmp_path, conf) == []


def refusals(folder, conf):
    """What nginx -t says against it, but for the types that the host's mime.types has."""
    server = Nginx.__new__(Nginx)
    server.folder, server.port = folder, 8000
    (folder / "nginx.conf").write_text(server.here(conf, folder))
    environment = {**os.environ, "PATH": PROGRAMS}
    command = ["nginx", "-t", "-c", folder / "nginx.conf"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True).stderr.splitlines()
    return [line for line in said if "[emerg]" in line or ("[warn]" in line and "duplicate extension" not in line)]
