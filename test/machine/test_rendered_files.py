"""The files of a machine, read by the programs that use them and by the linters that know their traps."""

import subprocess
import sys
from pathlib import Path

import pytest

from rig.machine import Machine

STACK = "npx tsx test/machine/apps/stack.ts"
LIBRARY = "/usr/local/lib/plumbline"
UNITS = "gunicorn.service gunicorn.socket nginx.service plumbline_logs.service plumbline_logs.timer"
UNITS += " plumbline_secrets.socket plumbline_secrets@x.service"


@pytest.fixture
def machine(shared) -> Machine:
    return shared()


def lint(tool: str, *arguments: str) -> str:
    """What a linter of the test's environment says; nothing when it is content."""
    command = [Path(sys.executable).with_name(tool), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stdout + result.stderr


def test_nginx_accepts_its_configuration_without_a_warning(machine):
    assert machine.run("nginx -t 2>&1").splitlines() == [
        "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok",
        "nginx: configuration file /etc/nginx/nginx.conf test is successful",
    ]


def test_directives_that_this_nginx_does_not_know_are_comments_and_no_others(machine):
    # Debian 13 has nginx 1.26.
    comments = machine.run("grep '^# .*;' /etc/nginx/nginx.conf").splitlines()
    assert [line.split()[1] for line in comments] == ["keepalive_min_timeout", "keepalive"]


# The one of asgi differs: gunicorn is reached over the network's loopback there.
@pytest.mark.parametrize("wanted", [(), ({"application": "fastapi"}, STACK)], ids=["gthread", "asgi"])
def test_gixy_finds_nothing_in_the_configuration_of_nginx(shared, tmp_path, wanted):
    machine = shared(*wanted)
    file = tmp_path / "nginx.conf"
    static = "/etc/nginx/plumbline_static.conf"
    file.write_text(machine.run(f"sed -e '/{Path(static).name}/{{r {static}' -e 'd}}' /etc/nginx/nginx.conf"))
    # the variable in proxy_pass names one of two upstreams of the same file: there is nothing to resolve
    assert lint("gixy", "--skips", "missing_resolver", str(file)) == ""


def test_gunicorn_accepts_its_configuration(machine):
    command = "gunicorn --config /etc/gunicorn/gunicorn.conf.py --check-config"
    assert machine.run(f"lib={LIBRARY}; . {LIBRARY}/plumbline_release.sh; as_app {command} 2>&1") == ""


def test_systemd_accepts_the_units_without_a_warning(machine):
    assert machine.run(f"systemd-analyze verify --man=no {UNITS} 2>&1") == ""


@pytest.mark.parametrize(
    ("unit", "most"), [("gunicorn", 2.0), ("nginx", 3.0), ("plumbline_secrets@x", 2.0), ("plumbline_logs", 2.5)]
)
def test_the_services_are_locked_in(machine, unit, most):
    verdict = machine.run(f"systemd-analyze security --no-pager {unit}.service | tail -n 1")
    exposure = float(verdict.split(": ")[1].split()[0])
    assert exposure <= most, verdict


def test_the_application_can_change_neither_its_code_nor_the_machine(machine):
    master = machine.run("systemctl show --value -p MainPID gunicorn")
    inside = f"nsenter --target {master} --mount setpriv --reuid app --regid app --clear-groups"
    for path in ("/srv/app/current/x", "/etc/x", "/usr/local/lib/plumbline/x", "/var/tmp/../lib/x"):
        assert machine.guest.run(f"{inside} touch {path}", check=False).returncode != 0
    for path in ("/tmp/x", "/var/lib/app/x", "/run/plumbline/x"):
        assert machine.run(f"{inside} touch {path} && {inside} rm {path} && echo written") == "written"


def test_shellcheck_finds_nothing_in_the_scripts(machine, tmp_path):
    scripts = []
    for path in ("/var/lib/cloud/instance/user-data.txt", *machine.run(f"ls {LIBRARY}/*.sh").split()):
        scripts.append(tmp_path / Path(path).name)
        scripts[-1].write_text(machine.run(f"cat {path}") + "\n")
    assert {"aws.sh", "plumbline_machine.sh", "plumbline_in_place.sh"} <= {script.name for script in scripts}
    # Both follow from one script being sourced by the other: SC1091 (not followed), SC2034 (set here, read there).
    assert lint("shellcheck", "--shell=bash", "--exclude=SC1091,SC2034", *map(str, scripts)) == ""


def test_logs_of_nginx_are_moved_away_before_they_fill_the_disk(machine):
    assert machine.run("systemctl is-active plumbline_logs.timer") == "active"
    machine.run("truncate -s 65M /var/log/nginx/access.log && systemctl start plumbline_logs")
    assert machine.run("stat -c %s /var/log/nginx/access.log.1") == str(65 * 1024 * 1024)
    machine.get("/")
    machine.run("sleep 1.2")  # the log is written once a second
    assert '"GET / HTTP/1.1"' in machine.run("cat /var/log/nginx/access.log; rm /var/log/nginx/access.log.1")


def test_the_journal_is_bounded_and_survives_a_reboot(machine):
    settings = machine.run("systemd-analyze cat-config systemd/journald.conf")
    assert "SystemMaxUse=256M" in settings
    assert "Storage=persistent" in settings
    assert "ForwardToSyslog=no" in settings
    assert machine.run("ls -d /var/log/journal/*/system.journal").count("\n") == 0
