"""Uploaded files: the folder on the volume, nginx' place for them, and Django's settings."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from machine_shell import RUNTIME

import plumbline_media

ON_VOLUME = {"PLUMBLINE_MEDIA_ROOT": "/srv/data/media"}
IN_BUCKET = {"PLUMBLINE_MEDIA_BUCKET": "files-of-the-shop", "PLUMBLINE_MEDIA_REGION": "eu-central-1"}
FILE_SYSTEM = "django.core.files.storage.FileSystemStorage"
MANIFEST = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}


def settings(environ, **project):
    return plumbline_media.settings(SimpleNamespace(**project), environ)


class TestOnTheVolume:
    def test_nothing_changes_where_there_is_no_place_for_them(self):
        assert settings({}, MEDIA_ROOT="/x", DEFAULT_FILE_STORAGE=FILE_SYSTEM) == {}

    @pytest.mark.parametrize("root", ["", "/srv/app/current/media", "/data/media"])
    def test_the_folder_is_that_of_the_volume_whatever_the_project_says(self, root):
        assert settings(ON_VOLUME, MEDIA_ROOT=root)["MEDIA_ROOT"] == "/srv/data/media"

    @pytest.mark.parametrize(
        ("own", "served"),
        [
            ("", "/media/"),
            ("/", "/media/"),
            ("/media/", "/media/"),
            ("media/", "/media/"),
            ("/up/loads/", "/up/loads/"),
            ("https://cdn.example.com/", "https://cdn.example.com/"),
            ("//cdn.example.com/files/", "//cdn.example.com/files/"),
            (None, "/media/"),
        ],
    )
    def test_the_address_is_the_project_s_where_it_has_one(self, own, served):
        assert settings(ON_VOLUME, MEDIA_URL=own)["MEDIA_URL"] == served

    @pytest.mark.parametrize(("own", "kept"), [(None, 0o644), (0o640, 0o640), (0o600, 0o640), (0o644, 0o644)])
    def test_uploads_can_be_read_by_nginx(self, own, kept):
        assert settings(ON_VOLUME, FILE_UPLOAD_PERMISSIONS=own)["FILE_UPLOAD_PERMISSIONS"] == kept

    @pytest.mark.parametrize(("own", "kept"), [(None, None), (0o700, 0o750), (0o755, 0o755)])
    def test_so_can_their_folders(self, own, kept):
        changed = settings(ON_VOLUME, FILE_UPLOAD_DIRECTORY_PERMISSIONS=own)
        assert changed.get("FILE_UPLOAD_DIRECTORY_PERMISSIONS") == kept

    def test_options_of_the_default_storage_make_way_where_they_say_something_else(self):
        own = {
            "BACKEND": FILE_SYSTEM,
            "OPTIONS": {
                "location": "/data",
                "base_url": "/files/",
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o711,
                "allow_overwrite": True,
            },
        }
        assert settings(ON_VOLUME, STORAGES={"default": own, "staticfiles": MANIFEST})["STORAGES"] == {
            "default": {
                "BACKEND": FILE_SYSTEM,
                "OPTIONS": {
                    "file_permissions_mode": 0o640,
                    "directory_permissions_mode": 0o751,
                    "allow_overwrite": True,
                },
            },
            "staticfiles": MANIFEST,
        }

    @pytest.mark.parametrize("storages", [None, {}, {"default": None}, {"default": {"BACKEND": FILE_SYSTEM}}])
    def test_storages_without_options_stand(self, storages):
        assert "STORAGES" not in settings(ON_VOLUME, STORAGES=storages)

    def test_a_storage_of_the_project_s_own_keeps_its_options(self):
        own = {"BACKEND": "shop.storage.Private", "OPTIONS": {"location": "/var/lib/app/private"}}
        assert "STORAGES" not in settings(ON_VOLUME, STORAGES={"default": own})


class TestSettingsThatAreMadeFromTheFolder:
    """Of what a project puts together itself before the folder is another one."""

    @pytest.mark.parametrize("root", ["/srv/app/releases/1/media", "/srv/app/releases/1/media/"])
    def test_they_move_with_it_as_what_they_are(self, root):
        changed = settings(
            ON_VOLUME,
            MEDIA_ROOT=root,
            THUMBNAIL_MEDIA_ROOT=os.path.join(root, "thumbs/"),
            PRIVATE_ROOT=Path(root) / "private",
            SENDFILE_ROOT=root,
        )
        assert changed["THUMBNAIL_MEDIA_ROOT"] == "/srv/data/media/thumbs/"
        assert changed["PRIVATE_ROOT"] == Path("/srv/data/media/private")
        assert changed["SENDFILE_ROOT"].rstrip("/") == "/srv/data/media"

    def test_so_do_the_folders_of_storages(self):
        def storages(root):
            private = {"BACKEND": FILE_SYSTEM, "OPTIONS": {"location": f"{root}/private"}}
            return {"staticfiles": MANIFEST, "private": private, "default": {"BACKEND": FILE_SYSTEM, "OPTIONS": {}}}

        changed = settings(ON_VOLUME, MEDIA_ROOT=Path("/app/media"), STORAGES=storages("/app/media"))
        assert changed["STORAGES"] == storages("/srv/data/media")

    def test_others_stay(self, tmp_path):
        (tmp_path / "default.png").touch()
        changed = settings(
            ON_VOLUME,
            MEDIA_ROOT=tmp_path,
            MEDIA_ROOTS=f"{tmp_path}s/private",
            STATIC_ROOT=f"{tmp_path}/static",
            THUMBNAIL_URL=f"{tmp_path}/thumbs/",
            DEFAULT_PHOTO=f"{tmp_path}/default.png",
            DATABASES={"default": {"NAME": f"{tmp_path}/db.sqlite3"}},
            LIMIT=3,
        )
        assert changed.keys() == {"MEDIA_ROOT", "MEDIA_URL", "FILE_UPLOAD_PERMISSIONS"}

    @pytest.mark.parametrize("root", ["", "media", "/", str(Path.cwd()), Path.cwd().parent])
    def test_nothing_moves_where_what_lies_below_may_be_something_else(self, root):
        changed = settings(ON_VOLUME, MEDIA_ROOT=root, TEMPLATE_ROOT=f"{root}/templates")
        assert "TEMPLATE_ROOT" not in changed


class TestInABucket:
    def test_the_default_storage_is_the_bucket_and_the_others_stay(self):
        for storages in ({"staticfiles": MANIFEST}, {"default": {"BACKEND": FILE_SYSTEM}, "staticfiles": MANIFEST}):
            changed = settings(IN_BUCKET, STORAGES=storages)
            assert changed == {"STORAGES": {"default": {"BACKEND": plumbline_media.BUCKET}, "staticfiles": MANIFEST}}

    def test_static_files_stay_where_django_has_them_when_the_project_says_nothing(self):
        static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        changed = settings(IN_BUCKET)
        assert changed == {"STORAGES": {"default": {"BACKEND": plumbline_media.BUCKET}, "staticfiles": static}}

    def test_a_storage_of_the_project_s_own_stands(self):
        own = {"BACKEND": "storages.backends.gcloud.GoogleCloudStorage"}
        assert settings(IN_BUCKET, STORAGES={"default": own, "staticfiles": MANIFEST}) == {}

    @pytest.mark.parametrize(
        ("project", "changed"),
        [
            ({"STATICFILES_STORAGE": "x"}, {"DEFAULT_FILE_STORAGE": plumbline_media.BUCKET}),
            ({"DEFAULT_FILE_STORAGE": FILE_SYSTEM}, {"DEFAULT_FILE_STORAGE": plumbline_media.BUCKET}),
            ({"DEFAULT_FILE_STORAGE": "own.Storage"}, {}),
        ],
    )
    def test_a_django_that_knows_the_old_names_gets_them_and_never_both(self, monkeypatch, project, changed):
        monkeypatch.setattr(plumbline_media, "django_version", lambda: (5, 0))
        assert settings(IN_BUCKET, **project) == changed

    @pytest.mark.parametrize(
        ("project", "changed"),
        [
            ({}, {"DEFAULT_FILE_STORAGE": plumbline_media.BUCKET}),
            ({"STORAGES": {"staticfiles": MANIFEST}}, {"DEFAULT_FILE_STORAGE": plumbline_media.BUCKET}),
            ({"DEFAULT_FILE_STORAGE": "own.Storage"}, {}),
        ],
    )
    def test_a_django_that_knows_nothing_else_gets_them_whatever_the_project_says(self, monkeypatch, project, changed):
        monkeypatch.setattr(plumbline_media, "django_version", lambda: (3, 2))
        monkeypatch.delattr("django.conf.global_settings.STORAGES")
        assert settings(IN_BUCKET, **project) == changed

    def test_what_the_project_says_of_objects_holds_but_who_may_read_them(self, tmp_path):
        own = {"CacheControl": "max-age=60", "ACL": "public-read", "GrantRead": "uri=x"}
        code = "from django.core.files.storage import default_storage as storage; print(storage.object_parameters)"
        said = in_django(tmp_path, f"AWS_S3_OBJECT_PARAMETERS = {own}\n", code, **IN_BUCKET)
        assert said == "{'CacheControl': 'max-age=60'}\n"

    def test_addresses_are_signed_in_the_region_of_the_bucket_whatever_the_project_says_of_others(self, tmp_path):
        project = "AWS_S3_CUSTOM_DOMAIN = 'cdn.example.com'\nAWS_QUERYSTRING_AUTH = False\nAWS_LOCATION = 'static'\n"
        said = in_django(
            tmp_path,
            project + "AWS_DEFAULT_ACL = 'public-read'\nAWS_ACCESS_KEY_ID = AWS_SECRET_ACCESS_KEY = 'for mail'\n",
            "from django.core.files.storage import default_storage as storage\n"
            "print(storage.url('a/b.jpg'), storage.default_acl, storage.file_overwrite, storage.access_key)",
            **IN_BUCKET,
            AWS_ACCESS_KEY_ID="of-the-role",
            AWS_SECRET_ACCESS_KEY="secret",
        )
        address, *rest = said.split()
        assert address.startswith(
            "https://files-of-the-shop.s3.eu-central-1.amazonaws.com/a/b.jpg?X-Amz-Algorithm=AWS4"
        )
        assert "X-Amz-Credential=of-the-role%2F" in address
        assert rest == ["None", "False", "None"]


def in_django(folder, project, code, **environ):
    """What code says after Django was set up as a machine does."""
    (folder / "project_settings.py").write_text(project)
    return subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        env={
            **os.environ,
            "PYTHONPATH": f"{RUNTIME}:{folder}",
            "DJANGO_SETTINGS_MODULE": "plumbline_django",
            "PLUMBLINE_SETTINGS_MODULE": "project_settings",
            "SECRET_KEY": "x",
            **environ,
        },
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=30,
    ).stdout


MODELS = """
from django.core.files.storage import FileSystemStorage
from django.db import models

class Product(models.Model):
    photo = models.ImageField()
    manual = models.FileField(storage=FileSystemStorage(location="/data/manuals"))
    scratch = models.FileField(storage=FileSystemStorage(location="/var/tmp/scratch"))
"""
SAY = "import os, plumbline_media; from django.conf import settings; plumbline_media.say(settings, os.environ)"


class TestWhatIsSaid:
    @pytest.fixture
    def said(self, tmp_path):
        (tmp_path / "shop").mkdir()
        (tmp_path / "shop/__init__.py").touch()
        (tmp_path / "shop/models.py").write_text(MODELS)
        return lambda project="", **environ: in_django(
            tmp_path, f"INSTALLED_APPS = ['shop']\n{project}", SAY, **environ
        ).splitlines()

    def test_fields_whose_files_nobody_can_write_are_told(self, said):
        advice = (
            "where nothing can be written: give the service media, Media.onInstance() or Media.bucket(), "
            "or the field another storage"
        )
        assert said("MEDIA_ROOT = '/srv/app/current/media'") == [
            f"== shop.Product.manual: files would be stored in /data/manuals, {advice}",
            f"== shop.Product.photo: files would be stored in /srv/app/current/media, {advice}",
        ]

    def test_so_are_those_with_a_place_of_their_own_beside_media(self, said):
        address, *lines = said(**ON_VOLUME)
        assert address == "MEDIA_URL=/media/"
        lost = "== shop.Product.manual: files would be stored in /data/manuals, where nothing can be written:"
        assert lines == [
            f"{lost} give their storage a folder below MEDIA_ROOT, /srv/data/media, or name its folder of the project "
            "in linkedDirs of Media.onInstance()"
        ]
        assert said(**IN_BUCKET) == [f"{lost} let them have the default storage, which is the bucket"]

    @pytest.mark.parametrize("url", ["https://cdn.example.com/uploads/", "//cdn.example.com/uploads/"])
    def test_nginx_serves_what_a_cdn_asks_for(self, said, url):
        assert said(f"MEDIA_URL = '{url}'", **ON_VOLUME)[0] == "MEDIA_URL=/uploads/"

    @pytest.mark.parametrize("url", ["'https://cdn.example.com/'", "'https://cdn.example.com'"])
    def test_nginx_serves_the_usual_path_where_a_cdn_asks_for_none(self, said, url):
        assert "MEDIA_URL=" not in "".join(said(f"MEDIA_URL = {url}", **ON_VOLUME))


class TestTheFolder:
    @pytest.fixture
    def media(self, shell):
        shell.fake("chown")
        shell.fake("id", "echo 990")
        shell.fake("getent", "echo www-data:x:33:")
        folder = shell.folder / "data/media"

        def media():
            variables = {"media": str(folder), "nginx_group": "www-data"}
            result = shell.run("media", "plumbline_media.sh", **variables)
            assert result.returncode == 0, result.stdout
            return folder

        return media

    def test_it_is_the_application_s_and_gives_its_group_to_what_is_in_it(self, shell, media):
        folder = media()
        assert f"chown -hR 990:33 {folder}" in shell.calls
        assert oct(folder.stat().st_mode) == "0o42750"

    def test_what_came_from_another_machine_is_handed_over_once(self, shell, media):
        folder = shell.folder / "data/media"
        (folder / "2026").mkdir(parents=True)
        (folder / "2026/large.bin").touch(0o600)
        os.symlink("/etc/shadow", folder / "2026/link")
        media()
        assert oct((folder / "2026").stat().st_mode & 0o7070) == "0o2050"
        assert oct((folder / "2026/large.bin").stat().st_mode) == "0o100640"
        calls = len(shell.calls)
        (folder / "2026/large.bin").chmod(0o600)
        media()
        assert not [call for call in shell.calls[calls:] if call.startswith("chown")]
        assert oct((folder / "2026/large.bin").stat().st_mode) == "0o100600"


class TestLinkedDirs:
    """Folders of the project that are on the volume instead; `as_user` is played by the test's own."""

    @pytest.fixture
    def link(self, shell):
        linked = shell.folder / "data/linked"
        linked.mkdir(parents=True)

        def link(release, folders):
            release.mkdir(exist_ok=True)
            as_user = f'as_user() {{ shift; (cd "{release}" && "$@"); }}'
            result = shell.run(f"{as_user}; link_dirs", "plumbline_media.sh", linked=str(linked), linked_dirs=folders)
            assert result.returncode == 0, result.stdout
            return linked

        return link

    def test_each_release_has_links_in_their_place(self, shell, link):
        for name in ("first", "second", "second"):
            linked = link(shell.folder / name, "data backend/instance")
            assert (shell.folder / name / "data").readlink() == linked / "data"
            assert (shell.folder / name / "backend/instance").readlink() == linked / "backend/instance"
        (shell.folder / "first/data/note").write_text("kept")
        assert (shell.folder / "second/data/note").read_text() == "kept"

    def test_what_the_first_release_brings_is_put_there_and_what_is_there_stays(self, shell, link):
        for name in ("first", "second"):
            data = shell.folder / name / "data"
            (data / "seeds").mkdir(parents=True)
            (data / "seeds/of").write_text(name)
            (data / f"{name}.txt").touch()
            linked = link(shell.folder / name, "data")
            assert (linked / "data/seeds/of").read_text() == "first"
        assert sorted(path.name for path in (linked / "data").iterdir()) == ["first.txt", "seeds"]

    def test_a_copy_that_was_cut_short_begins_anew(self, shell, link):
        (shell.folder / "data/linked/data.new/half").mkdir(parents=True)
        (shell.folder / "release/data").mkdir(parents=True)
        (shell.folder / "release/data/whole").touch()
        linked = link(shell.folder / "release", "data")
        assert sorted(path.name for path in linked.iterdir()) == ["data"]
        assert [path.name for path in (linked / "data").iterdir()] == ["whole"]

    def test_a_link_of_the_project_s_own_gives_way_and_what_it_leads_to_stays(self, shell, link):
        other = shell.folder / "other"
        other.mkdir()
        (other / "file").touch()
        (shell.folder / "release").mkdir()
        (shell.folder / "release/data").symlink_to(other)
        link(shell.folder / "release", "data")
        assert (other / "file").exists()

    def test_they_are_the_application_s_alone(self, shell):
        for command in ("chown", "getent", "systemd-run"):
            shell.fake(command)
        shell.fake("id", "echo 99$(( ${#1} ))")
        folder = shell.folder / "data"
        variables = {"media": f"{folder}/media", "nginx_group": "www-data", "linked": f"{folder}/linked"}
        assert shell.run("as_user() { :; }; media", "plumbline_media.sh", linked_dirs="x", **variables).returncode == 0
        assert f"chown -hR 992:992 {folder}/linked" in shell.calls
        assert oct((folder / "linked").stat().st_mode) == "0o40750"


def test_a_volume_for_uploads_alone_is_mounted_and_no_server_s_folder(shell):
    for command in ("resize2fs", "mount"):
        shell.fake(command)
    data = shell.folder / "data"
    data.mkdir()
    script = (RUNTIME / "plumbline_in_place.sh").read_text().replace("/srv/data", str(data))
    (shell.folder / "in_place.sh").write_text(script.replace('[ -b "$device" ]', "true"))
    steps = "file_system() { :; }; mount_volume() { echo mounted; }; data"
    variables = {"state": str(shell.folder), "data_volume": "vol-0123456789abcdef0", "new_volume": "true"}
    result = shell.run(f". {shell.folder}/in_place.sh; {steps}", **variables, package_manager="apt")
    assert (result.returncode, result.stdout) == (0, "mounted\n")
    assert not [call for call in shell.calls if call.startswith("mount ")]


class TestNginx:
    @pytest.fixture
    def serve(self, shell):
        def serve(said, **variables):
            conf, log = shell.folder / "nginx.conf", shell.folder / "said"
            conf.write_text("    location /static/ {\n    location /media/ { # MEDIA_URL\n")
            log.write_text(said)
            # the file is nginx' own: here it is played by one in a folder of the test
            shell.fake(
                "sed",
                f'exec /usr/bin/sed "${{@/#\\/etc\\/nginx\\/nginx.conf/{str(conf).replace("/", chr(92) + "/")}}}"',
            )
            result = shell.run(f'serve_media "{log}"', "plumbline_media.sh", media_url="/media/", **variables)
            return result.returncode, result.stdout, conf.read_text().splitlines()[1].strip()

        return serve

    @pytest.mark.parametrize("said", ["", "MEDIA_URL=/media/\n", "123 static files copied\n"])
    def test_it_serves_media_where_the_project_says_nothing_else(self, serve, said):
        assert serve(said) == (0, "", "location /media/ { # MEDIA_URL")

    @pytest.mark.parametrize("url", ["/uploads/", "/f/", "/statics/media/", "/user-files/v1.0/"])
    def test_it_serves_what_the_project_says(self, serve, url):
        assert serve(f"MEDIA_URL={url}\n") == (0, "", f"location {url} {{ # MEDIA_URL")

    @pytest.mark.parametrize(
        "url", ["/up loads/", "/a;b/", "/a{/", "/a|e id/", "/..//", "//evil.example.com/", "/media", "/ü/", "/$host/"]
    )
    def test_fails_on_what_is_no_path(self, serve, url):
        status, said, line = serve(f"MEDIA_URL={url}\n")
        assert (status, line) == (1, "location /media/ { # MEDIA_URL")
        assert said.startswith(f"MEDIA_URL ({url}) must be a path of letters, digits and - _ . ~ that ends in a slash")

    @pytest.mark.parametrize("url", ["/static/", "/static/media/", "/.plumbline/x/"])
    def test_fails_on_what_is_served_already(self, serve, url):
        status, said, _ = serve(f"MEDIA_URL={url}\n")
        assert (status, said) == (
            1,
            f"MEDIA_URL ({url}) is where nginx serves something else: give it another, for example /media/\n",
        )

    @pytest.mark.parametrize("path", ["/uploads", "/uploads/private", "/media", "/media/private", "/user/files"])
    def test_fails_beside_locations_that_were_laid_out_for_another_path(self, serve, path):
        url = "/user/files/v1/" if path.startswith("/user") else "/uploads/"
        status, said, line = serve(f"MEDIA_URL={url}\n", locations=f"/admin {path}")
        assert (status, line) == (1, "location /media/ { # MEDIA_URL")
        assert said == (
            f"MEDIA_URL ({url}) is the settings' alone, and locations has {path}: give MEDIA_URL={url} in environment, "
            "so that what locations say holds for the files\n"
        )

    def test_it_serves_beside_other_locations(self, serve):
        assert serve("MEDIA_URL=/uploads/\n", locations="/admin /upload /uploads-of-staff")[0] == 0
        assert serve("MEDIA_URL=/media/\n", locations="/media/private")[0] == 0
