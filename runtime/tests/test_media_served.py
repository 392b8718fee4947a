"""What users upload, served by a real nginx: files of strangers."""

import http.client
import os

import pytest
from nginx_server import Nginx

from conftest import Server

SANDBOX = "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; sandbox"


class MediaNginx(Nginx):
    def here(self, conf, sockets):
        return super().here(conf, sockets).replace("/srv/data/media", str(self.folder / "media"))


@pytest.fixture(scope="module")
def nginx(tmp_path_factory):
    gunicorn = Server(tmp_path_factory.mktemp("gunicorn"), "sync", app="echo:application")
    nginx = MediaNginx(tmp_path_factory.mktemp("nginx"), gunicorn, {"media": "/media/"})
    (nginx.folder / "media").mkdir()
    yield nginx
    nginx.stop()
    gunicorn.stop()


@pytest.fixture
def ask(nginx):
    def ask(path, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=20)
        connection.request(method, path, headers={"Host": "site.example"})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()

    return ask


@pytest.fixture
def upload(nginx):
    def upload(name, content=b"content"):
        path = nginx.folder / "media" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return upload


@pytest.mark.parametrize(
    "name",
    ["page.html", "page.HTM", "page.xhtml", "image.svg", "feed.xml", "script.js", "none", "a.exe", ".html", "p.html5"],
)
def test_what_may_run_is_shown_in_a_sandbox(ask, upload, name):
    upload(name, b"<script>alert(1)</script>")
    status, headers, body = ask(f"/media/{name}")
    assert (status, body) == (200, b"<script>alert(1)</script>")
    assert headers["Content-Security-Policy"] == SANDBOX
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["photo.jpg", "a/b/photo.png", "film.mp4", "sound.mp3", "paper.pdf", "x.webp"])
def test_what_cannot_is_shown_as_it_is(ask, upload, name):
    upload(name)
    status, headers, _ = ask(f"/media/{name}")
    assert status == 200
    assert "Content-Security-Policy" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_name_may_hold_what_people_write(ask, upload):
    upload("Zürich ☂ 100%.jpg", b"rain")
    assert ask("/media/Z%C3%BCrich%20%E2%98%82%20100%25.jpg")[2] == b"rain"


def test_the_application_is_asked_for_what_is_not_there_for_folders_and_for_links(ask, upload, nginx):
    (nginx.folder / "secret").write_text("secret")
    upload("folder/file.txt")
    os.symlink(nginx.folder / "secret", nginx.folder / "media/link.txt")
    os.symlink(nginx.folder, nginx.folder / "media/up")
    for path in ("missing.jpg", "", "folder/", "folder", "link.txt", "up/secret", "..%2fsecret"):
        status, _, body = ask(f"/media/{path}")
        assert status == 200, path
        assert b'"path": "/media/' in body or b'"path": "/media' in body, path
        assert b"secret" not in body.replace(path.encode(), b""), path


@pytest.mark.parametrize("path", ["/media../secret", "/media/../secret", "/media/folder/../../secret"])
def test_nothing_leads_out_of_the_folder(ask, nginx, path):
    (nginx.folder / "secret").write_text("out of the folder")
    assert b"out of the folder" not in ask(path)[2]


def test_a_part_of_a_film_may_be_asked_for(nginx, upload):
    upload("film.mp4", b"0123456789")
    status, text = nginx.request("/media/film.mp4", [("Range", "bytes=2-4")])
    assert (status, text) == (206, "234")


def test_nobody_puts_or_posts_a_file_past_the_application(ask, upload):
    upload("file.txt")
    assert {method: ask("/media/file.txt", method)[0] for method in ("PUT", "DELETE", "POST")} == dict.fromkeys(
        ("PUT", "DELETE", "POST"), 405
    )


@pytest.mark.parametrize("when", ["", " always"])
def test_a_policy_of_the_user_s_own_takes_nothing_from_the_sandbox(tmp_path, when):
    gunicorn = Server(tmp_path, "sync", app="echo:application")
    own = {"add_header": f"Content-Security-Policy \"default-src 'self'\"{when}"}
    nginx = MediaNginx(tmp_path, gunicorn, {"media": "/media/", "plan": {"nginxDirectives": own}})
    try:
        (tmp_path / "media").mkdir()
        (tmp_path / "media/page.html").write_text("<script>alert(1)</script>")
        (tmp_path / "media/photo.jpg").touch()
        said = []
        for path in ("/media/page.html", "/media/photo.jpg", "/"):
            connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=20)
            connection.request("GET", path, headers={"Host": "site.example"})
            said.append(connection.getresponse().headers.get_all("Content-Security-Policy"))
        assert SANDBOX in said[0]
        assert said[1:] == [["default-src 'self'"], ["default-src 'self'"]]
    finally:
        nginx.stop()
        gunicorn.stop()
