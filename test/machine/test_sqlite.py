"""A file of SQLite on the volume for data: written to by eight threads at once, and there after whatever happens."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import DATA
from rig.deploy import ROOT
from rig.load import closed_loop
from rig.machine import Machine, Options
from rig.releases import release
from rig.run import Run
from rig.shared_machines import SharedMachines
from rig.shell import wait_until

ROWS = 1000
THREADS = 8
WANTED = {"database": "sqlite", "requestTimeout": "10", "preloadApp": "true"}
FOLDER = "/srv/data/sqlite"


@pytest.fixture(scope="module")
def machine(shared: SharedMachines) -> Machine:
    return shared(WANTED | {"cache": "redis", "backgroundWorker": "celery"}, DATA)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory) -> Iterator[Path]:
    """Of the moment at which the last row was acknowledged."""
    path = tmp_path_factory.mktemp("snapshot") / "snapshot.img"
    yield path
    path.unlink(missing_ok=True)


def rows(machine: Machine) -> int:
    events = machine.get("/entries").json()["events"]
    return events.get("first", 0) + events.get("second", 0)


def complaints(machine: Machine) -> str:
    return machine.run("journalctl --no-pager -u gunicorn -u celery | grep -ci 'database is locked' || true")


def test_eight_threads_that_write_at_once_all_succeed(machine, snapshot):
    paths = [f"/transaction?token=row-{number}" for number in range(ROWS // 2)]
    started = time.monotonic()
    outcomes = [outcome for _, outcome in closed_loop(machine.http, paths, THREADS)]
    print(
        f"{ROWS} rows in {time.monotonic() - started:.1f} s, the slowest {max(one.seconds for one in outcomes):.2f} s"
    )
    machine.snapshot(snapshot)
    assert {outcome.status for outcome in outcomes} == {200}
    assert rows(machine) == ROWS
    assert complaints(machine) == "0"


def test_background_workers_write_to_the_same_file(machine):
    assert machine.get("/enqueue?token=task&seconds=0").status == 200
    wait_until("the task has run", lambda: machine.get("/entries?token=task").json()["events"].get("ended"), 30)
    assert complaints(machine) == "0"


def test_nobody_else_reads_it_and_commands_do(machine):
    assert machine.run(f"stat -c '%U %a' {FOLDER} {FOLDER}/app.sqlite3").split() == ["app", "700", "app", "600"]
    assert machine.run(f"findmnt -nT {FOLDER} -o TARGET") == "/srv/data"
    assert "Permission denied" in machine.run(f"runuser -u www-data -- ls {FOLDER} 2>&1", check=False)
    count = "from ledger.models import Entry; print(Entry.objects.filter(token__startswith='row-').count())"
    assert machine.run(f'as_app python manage.py shell -c "{count}"').split()[-1] == str(ROWS)


def test_a_release_and_a_changed_configuration_keep_every_row(machine, tmp_path):
    views = (ROOT / "runtime/sample/sample/urls.py").read_text() + "\n# another release\n"
    directory = str(release(tmp_path / "other", {"sample/urls.py": views}))
    before = machine.run("readlink /srv/app/current")
    machine.update({"directory": directory, "queueTimeout": "3"})
    assert "proxy_read_timeout 17s" in machine.run("cat /etc/nginx/nginx.conf")
    assert machine.run("readlink /srv/app/current") != before
    assert rows(machine) == ROWS
    assert machine.get("/transaction?token=after").status == 200


def test_a_power_cut_and_a_stack_from_a_snapshot_keep_every_row_that_was_acknowledged(snapshot, run: Run):
    """What had not reached the volume when the last request was answered is not in the snapshot."""
    restored = Machine(run, DATA, WANTED | {"snapshot": "snap-0123456789abcdef0"}, Options(snapshot=snapshot))
    try:
        restored.boot()
        assert rows(restored) == ROWS
        assert "mkfs" not in restored.run("cat /var/log/cloud-init-output.log")
        assert restored.get("/transaction?token=after").status == 200
    finally:
        restored.close()
