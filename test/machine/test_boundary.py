"""Whoever has the application has not the machine: neither root nor, where nothing needs it, the role."""

import io
import shlex
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rig import attacker
from rig.changes import wait_for_load_balancer
from rig.deploy import ROOT
from rig.machine import Machine
from rig.releases import release
from rig.shell import wait_until

PROGRAM = "opt/attacker.py"
MARKS = " ".join(attacker.MARKS)
CONTENT = "root's own"
MASTER = "systemctl show --value -p MainPID gunicorn"
TOKEN = "curl -s -m 3 -X PUT -H X-aws-ec2-metadata-token-ttl-seconds:60 http://169.254.169.254/latest/api/token"
ROLE = f"curl -s -m 3 -H X-aws-ec2-metadata-token:$({TOKEN}) http://169.254.169.254/latest/meta-data/iam/security-credentials/"
# `ImportError`, so that another driver is taken.
SHADOW = "import hostile\n\nraise ImportError\n"


@pytest.fixture
def machine(data: Callable) -> Machine:
    machine = data("mysql", background_worker="celery")
    (machine.guest.root / PROGRAM).write_text(Path(attacker.__file__).read_text())
    return machine


@pytest.fixture(autouse=True)
def root_is_not_had(machine):
    """Before and after each test."""
    machine.run(f"rm -f {MARKS}; echo {shlex.quote(CONTENT)} >{attacker.VICTIM}; chmod 600 {attacker.VICTIM}")
    yield
    assert machine.run(f"cat {attacker.VICTIM}; stat -c '%a %U' {attacker.VICTIM}").splitlines() == [
        CONTENT,
        "600 root",
    ]
    ran = set(machine.run(f"cat {MARKS} 2>/dev/null", check=False).split())
    assert ran == {machine.run("id -u app")}, "who ran what was planted"


def inside(machine: Machine, command: str, unit: str = "gunicorn", user: str = "app") -> str:
    """In the place of a process of the unit: its control group, its view of the disk, its user, no privileges."""
    process = machine.run(f"systemctl show --value -p MainPID {unit}")
    own = f"setpriv --reuid {user} --regid {user} --clear-groups --no-new-privs --bounding-set=-all"
    return machine.run(
        f"echo $BASHPID >/sys/fs/cgroup/system.slice/{unit}.service/cgroup.procs;"
        f" exec nsenter --target {process} --mount {own} bash -c {shlex.quote(command)}",
        check=False,
        timeout=120,
    )


def plant(machine: Machine) -> None:
    inside(machine, f"python3 /{PROGRAM} plant")


def restart(machine: Machine) -> None:
    before = machine.run(MASTER)
    machine.run(f"kill -KILL {before}")
    wait_until("another master", lambda: machine.run(MASTER) not in ("0", before), 30)
    wait_for_load_balancer(machine)


def test_what_the_application_may_write_to_is_none_of_root_s(machine):
    plant(machine)  # the contrast: the attacker's programs work
    places = inside(machine, f"python3 /{PROGRAM} writable").splitlines()
    assert {"/run/plumbline", "/var/lib/app", "/tmp"} <= set(places)
    own = ("/run/plumbline", "/var/lib/app", "/srv/data/media", "/srv/data/linked", "/tmp", "/var/tmp", "/dev")
    shared = (
        "/run/plumbline-secrets.sock",
        "/run/mysqld/mysqld.sock",
        "/run/plumbline-cache/cache.sock",
        "/run/systemd",
        "/run/dbus",
        "/run/lock",
        "/run/ssh-unix-local",
    )
    assert [place for place in places if not place.startswith(own + shared)] == []


def test_a_restart_follows_nothing_that_was_planted(machine):
    for _ in range(2):
        plant(machine)
        restart(machine)


def test_a_service_that_is_killed_over_and_over_comes_back(machine):
    plant(machine)
    for _ in range(3):
        restart(machine)
    assert machine.run("systemctl is-active gunicorn plumbline_secrets.socket").split() == ["active"] * 2


def test_root_tells_the_application_its_secrets_and_nothing_else(machine):
    plant(machine)
    ask = "python3 -I /usr/local/lib/plumbline/plumbline_secrets.py print"
    assert len(inside(machine, f"{ask} SECRET_KEY")) == 50
    assert "is no secret of this machine" in inside(machine, f"{ask} PATH 2>&1")
    refused = "import socket; socket.socket(socket.AF_UNIX).connect('/run/plumbline-secrets.sock')"
    assert "PermissionError" in machine.run(f'runuser -u www-data -- python3 -c "{refused}" 2>&1', check=False)


def test_a_flood_of_questions_costs_few_processes_and_ends_with_the_flood(machine):
    plant(machine)
    flood = (
        "import socket, time\n"
        "end = time.time() + 5\n"
        "while time.time() < end:\n"
        "    connection = socket.socket(socket.AF_UNIX)\n"
        "    try: connection.connect('/run/plumbline-secrets.sock'); connection.send(b'PATH\\n')\n"
        "    except OSError: pass\n"
    )
    (machine.guest.root / "opt/flood.py").write_text(flood)
    calls = len(machine.calls)
    count = (
        "for _ in {1..20}; do systemctl list-units --plain --no-legend 'plumbline_secrets@*' | wc -l; sleep 0.2; done"
    )
    with ThreadPoolExecutor(1) as pool:
        flooding = pool.submit(inside, machine, "python3 /opt/flood.py")
        counted = [int(number) for number in machine.run(count).split()]
        flooding.result()
    assert 1 <= max(counted) <= 4
    restart(machine)
    assert len(machine.calls) - calls < 10
    assert machine.run("systemctl is-active plumbline_secrets.socket") == "active"
    assert machine.run("systemctl --failed --no-legend") == ""


def wheel(module: str, text: str) -> bytes:
    """A package whose `.pth` file runs its module at each start of Python."""
    info = f"{module}-1.0.dist-info"
    files = {
        f"{module}.py": text,
        f"{module}.pth": f"import {module}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return packed.getvalue()


def test_a_hostile_dependency_runs_as_the_application_alone_at_each_deployment(machine, tmp_path):
    """It plants at each start of Python, in the steps of its release too: outside the sandbox, before root goes on."""
    file = "hostile-1.0-py3-none-any.whl"
    requirements = (ROOT / "runtime/sample/requirements.txt").read_text() + f"./{file}\n"
    folder = release(tmp_path / "hostile", {"requirements.txt": requirements, "MySQLdb.py": SHADOW})
    text = Path(attacker.__file__).read_text().partition('if __name__ == "__main__":')[0]
    (folder / file).write_bytes(wheel("hostile", f"{text}\nplant()\n"))
    machine.update({"directory": str(folder)}, 600)
    restart(machine)
    # once more, with what it has planted, and another setting
    machine.update({"queueTimeout": "4"}, 600)
    assert machine.get("/rows?token=x").status == 200
    packages = "/srv/app/current/.venv/lib/python3.13/site-packages/hostile.py"
    for path in (packages, "/srv/app/current/manage.py", "/srv/app/current/"):
        assert machine.run(f"stat -L -c '%U %G' {path}") == "root app"
        assert machine.guest.run(f"runuser -u app -- test -w {path}", check=False).returncode == 1


def test_what_commands_said_and_what_the_release_is_made_of_is_not_for_everyone(machine):
    plant(machine)
    for path in ("/run/plumbline-bootstrap/check", "/srv/app/current/manage.py", "/var/log/cloud-init-output.log"):
        assert machine.run(f"test -e {path} && echo there") == "there"
        assert machine.guest.run(f"runuser -u nobody -- cat {path}", check=False).returncode == 1
    assert machine.get("/static/sample/style.css").status == 200


def test_logs_of_the_database_are_moved_away_and_no_link_followed(machine):
    plant(machine)
    machine.run(
        "runuser -u mysql -- bash -c 'truncate -s 65M /var/log/mysql/slow.log; ln -s /root /var/log/mysql/slow.log.1'"
    )
    machine.run("systemctl start plumbline_logs")
    assert machine.run("stat -c '%F %s' /var/log/mysql/slow.log.1") == f"regular file {65 << 20}"
    assert machine.run("ls /root") == "victim"
    wait_until(
        "the server writes to another", lambda: machine.run("test -e /var/log/mysql/slow.log && echo yes", False), 5
    )
    machine.run("rm /var/log/mysql/slow.log.1")


def credentials(machine: Machine, unit: str, user: str) -> str:
    return inside(machine, ROLE, unit, user)


def test_the_role_is_not_to_be_had_where_nothing_of_the_application_needs_it(machine):
    plant(machine)
    assert machine.instance.role in machine.run(ROLE), "the contrast: root reaches it"
    for unit, user in (("gunicorn", "app"), ("celery", "app"), ("nginx", "www-data"), ("mariadb", "mysql")):
        assert credentials(machine, unit, user) == ""
    assert inside(machine, "getent hosts sts.us-east-1.amazonaws.com") != "", "names are resolved"
    as_app = "lib=/usr/local/lib/plumbline; . $lib/plumbline_release.sh; as_app"
    assert machine.run(f"{as_app} bash -c {shlex.quote(ROLE)}", check=False) == ""


def test_an_application_that_was_granted_a_bucket_gets_the_role_and_nginx_does_not(machine):
    machine.update({"grant": "true"})
    plant(machine)
    for unit in ("gunicorn", "celery"):
        # a machine that has just come up may take longer than curl waits
        wait_until("the role", lambda unit=unit: credentials(machine, unit, "app") == machine.instance.role, 20)
    assert credentials(machine, "nginx", "www-data") == ""
