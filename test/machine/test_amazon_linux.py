"""The script for Amazon Linux 2023 on a Debian that knows its package names, so that only the names stay unproven."""

import pytest

from rig.machine import Machine


@pytest.fixture
def machine(shared) -> Machine:
    return shared({"os": "amazon-linux-2023"}, amazon_linux=True)


def test_serves_through_the_load_balancer(machine):
    assert machine.get("/").status == 200
    assert machine.get("/static/sample/style.css").headers["content-type"] == "text/css"
    assert machine.balancer.target_health() == "UP"


def test_asks_dnf_for_the_packages_and_apt_for_nothing(machine):
    assert machine.run("cat /var/log/dnf").splitlines() == ["nginx python3.13 python3.13-pip"]
    script = machine.instance.user_data.decode()
    assert "apt-get" not in script


def test_runs_python_3_13_whatever_python3_is(machine):
    assert machine.run("/srv/app/current/.venv/bin/python --version").startswith("Python 3.13.")
    assert machine.run("readlink /srv/app/current/.venv/bin/python") == "/usr/bin/python3.13"


def test_nginx_works_as_its_own_user_who_alone_reaches_the_sockets(machine):
    assert set(machine.run("ps -o user= -C nginx").split()) == {"root", "nginx"}
    for name in ("app", "health"):
        assert machine.run(f"stat -c '%A %U %G' /run/gunicorn/{name}.sock") == "srw-rw---- root nginx"


def test_units_that_dnf_left_alone_are_active_and_enabled(machine):
    units = "gunicorn.socket gunicorn.service nginx.service"
    assert machine.run(f"systemctl is-active {units}").split() == ["active"] * 3
    assert machine.run(f"systemctl is-enabled {units}").split() == ["enabled"] * 3
    assert machine.run("systemctl --failed --no-legend") == ""
