"""A database on the instance keeps its rows: the machine is changed in place, by its own user data at the next boot."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rig.load import closed_loop
from rig.machine import DeploymentFailed, Machine
from rig.releases import release, uploads
from rig.shell import wait_until
from rig.uploads import FILES, are_kept, post, upload

ROWS = 1000
# Tasks by their delay in seconds: due while the machine is down, and when it serves again.
QUEUED = {"due-during-the-change": 20, "due-after-the-change": 150}
# Loaded by those who check the configuration, and not by those who serve.
CANNOT_SERVE = """\
import sys

if "--check-config" not in sys.argv:
    raise RuntimeError("this release cannot serve")
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
"""
APPLIED = "test -s /var/lib/plumbline/applied && echo yes"


@pytest.fixture
def machine(data: Callable) -> Machine:
    return data("mysql")


@pytest.fixture(scope="module")
def releases(tmp_path_factory) -> Callable[..., str]:
    folder: Path = tmp_path_factory.mktemp("releases")

    def make(name: str, path: str, text: str) -> str:
        return str(release(folder / name, uploads() | {path: text}))

    return make


def rows(machine: Machine) -> int:
    return int(machine.run("mariadb -NBe \"SELECT count(*) FROM app.ledger_entry WHERE token LIKE 'row-%'\""))


def boots(machine: Machine) -> int:
    return int(machine.run("journalctl --list-boots -q | wc -l"))


def release_of(machine: Machine) -> str:
    return machine.get("/rows?token=x").json()["release"]


def background_workers(machine: Machine) -> list[str]:
    return machine.run("systemctl list-units --plain --no-legend --state=active 'celery*' 'rq@*'").splitlines()


def test_a_thousand_rows_are_written(machine):
    paths = [f"/transaction?token=row-{number}" for number in range(ROWS // 2)]
    assert {answer.status for _, answer in closed_loop(machine.http, paths, 16)} == {200}
    assert rows(machine) == ROWS


def test_a_thousand_files_are_uploaded_and_nginx_serves_them(machine):
    assert len(upload(machine)) == FILES
    assert are_kept(machine)
    assert machine.run("stat -c '%a %U %G' /srv/data/media") == "2750 app www-data"


def test_a_page_that_was_uploaded_is_none_of_the_site_s(machine):
    post(machine, "page.html", b"<script>alert(document.cookie)</script>")
    answer = machine.get("/media/photos/page.html")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].endswith("; sandbox")
    assert "content-security-policy" not in machine.get("/media/photos/photo-1.jpg").headers


def test_nginx_follows_no_link_among_uploads_and_lists_none(machine):
    machine.run("as_app ln -s /etc/passwd /srv/data/media/passwd.txt")
    assert [machine.get(path).status for path in ("/media/passwd.txt", "/media/", "/media/../app.owner")] == [404] * 3
    machine.run("rm /srv/data/media/passwd.txt")


def test_a_folder_of_the_project_is_kept_on_the_volume_and_the_application_writes_to_it(machine):
    machine.run("as_app sh -c 'echo kept >notes/note.txt'")
    assert machine.run("readlink -f /srv/app/current/notes") == "/srv/data/linked/notes"
    refused = machine.run("as_app sh -c 'echo lost >sample/note.txt' 2>&1", check=False)
    assert "Read-only file system" in refused


def test_they_lie_on_a_volume_of_their_own_and_no_one_else_may_connect(machine):
    assert machine.run("findmnt -no SOURCE,FSTYPE /var/lib/mysql").split()[0].startswith("/dev/disk/by-id/nvme-Amazon_")
    assert machine.run("ss -Hltn | grep -c ':3306' || true") == "0"
    refused = machine.run("runuser -u www-data -- mariadb -u app -e 'SELECT 1' 2>&1", check=False)
    assert "Access denied" in refused


def test_a_changed_configuration_is_applied_in_place(machine):
    before, installed = boots(machine), machine.instance.id
    for token, delay in QUEUED.items():
        assert machine.get(f"/enqueue?token={token}&seconds=0&delay={delay}").status == 200
    assert "proxy_read_timeout 16s" in machine.run("cat /etc/nginx/nginx.conf")
    machine.update({"queueTimeout": "3"})
    assert "proxy_read_timeout 17s" in machine.run("cat /etc/nginx/nginx.conf")
    assert machine.stack.instance_id == installed
    assert boots(machine) == before + 1
    assert rows(machine) == ROWS
    assert are_kept(machine)


def test_tasks_that_waited_during_the_change_run_once(machine):
    for token, delay in QUEUED.items():
        events = f"/entries?token={token}"
        wait_until(f"{token} has run", lambda path=events: machine.get(path).json()["events"].get("ended"), delay)
        assert machine.get(events).json()["events"] == {"begun": 1, "ended": 1}


def test_fails_a_release_that_cannot_serve_and_the_old_one_is_back(machine, releases):
    before, workers = release_of(machine), background_workers(machine)
    with pytest.raises(DeploymentFailed, match=r"^serve: "):
        machine.update({"directory": releases("broken", "sample/wsgi.py", CANNOT_SERVE)})
    assert release_of(machine) == before
    assert rows(machine) == ROWS
    # the script of the old release runs once more, and finds everything as it should be; its signal, which nobody waits
    # for any more, it repeats for a minute
    wait_until("the old release is applied", lambda: machine.run(APPLIED, check=False) == "yes", 120)
    assert background_workers(machine) == workers


def test_another_release_is_installed_beside_the_old_one_and_takes_over(machine, releases):
    before = release_of(machine)
    views = uploads()["sample/urls.py"] + "\n# another release\n"
    machine.update({"directory": releases("other", "sample/urls.py", views)})
    assert release_of(machine) != before
    assert rows(machine) == ROWS
    assert are_kept(machine)
    assert machine.run("as_app cat notes/note.txt") == "kept"
    kept = set(machine.run("ls /srv/app/releases").split())
    assert kept == {before, release_of(machine)}


def test_a_reboot_changes_nothing(machine):
    before, calls = release_of(machine), len(machine.calls)
    machine.guest.reboot()
    machine.wait_for_service()
    assert release_of(machine) == before
    assert rows(machine) == ROWS
    assert are_kept(machine)
    machine.run("cloud-init status --wait")
    assert {call.action for call in machine.calls[calls:]} == {"GetSecretValue"}
    assert machine.run("systemctl --failed --no-legend") == ""


def test_a_server_that_is_killed_comes_back_with_every_row(machine):
    machine.run("systemctl kill --signal=KILL mariadb")
    wait_until("the server is back", lambda: machine.run("mariadb -e 'SELECT 1'", check=False) != "", 30)
    assert rows(machine) == ROWS
