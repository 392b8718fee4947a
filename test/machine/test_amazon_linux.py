"""The script for Amazon Linux 2023 on a Debian that knows its package names, so that only the names stay unproven."""

import pytest

from rig.machine import Machine
from rig.shell import wait_until


@pytest.fixture
def machine(shared) -> Machine:
    """With all that the reference stack can have on its instance."""
    on_it = {"database": "mysql", "cache": "redis", "backgroundWorker": "celery"}
    return shared({"os": "amazon-linux-2023"} | on_it, amazon_linux=True)


def test_serves_through_the_load_balancer(machine):
    assert machine.get("/").status == 200
    assert machine.get("/static/sample/style.css").headers["content-type"] == "text/css; charset=utf-8"
    assert machine.balancer.target_health() == "UP"


def test_asks_dnf_for_the_packages_and_apt_for_nothing(machine):
    assert machine.run("cat /var/log/dnf") == "nginx python3.13 python3.13-pip mariadb118-server valkey"
    script = machine.instance.user_data.decode()
    assert "apt-get" not in script


def test_runs_python_3_13_whatever_python3_is(machine):
    assert machine.run("/srv/app/current/.venv/bin/python --version").startswith("Python 3.13.")
    assert machine.run("readlink /srv/app/current/.venv/bin/python") == "/usr/bin/python3.13"


def test_nginx_works_as_its_own_user_who_alone_reaches_the_sockets(machine):
    assert set(machine.run("ps -o user= -C nginx").split()) == {"root", "nginx"}
    for name in ("app", "health"):
        assert machine.run(f"stat -c '%A %U %G' /run/gunicorn/{name}.sock") == "srw-rw---- root nginx"


def test_nginx_user_cannot_put_links_where_root_opens_logs_and_gives_folders_away(machine):
    assert machine.run("stat -c '%a %U' /var/log/nginx /var/lib/nginx").splitlines() == ["751 root"] * 2
    assert machine.run("nginx -s reopen && systemctl is-active nginx") == "active"


def test_units_that_dnf_left_alone_are_active_and_enabled(machine):
    units = "gunicorn.socket gunicorn.service nginx.service mariadb.service valkey.service celery.service"
    assert machine.run(f"systemctl is-active {units}").split() == ["active"] * 6
    assert machine.run(f"systemctl is-enabled {units}").split() == ["enabled"] * 6
    assert machine.run("systemctl --failed --no-legend") == ""


def test_the_database_has_the_settings_of_the_plan_and_its_data_on_the_volume(machine):
    assert machine.get("/transaction?token=x").json()["entries"] == 2
    assert machine.run("mariadb -NBe 'SELECT @@innodb_buffer_pool_size >> 20, @@skip_networking'") == "256\t1"
    assert machine.run("findmnt -no TARGET --target /var/lib/mysql") == "/var/lib/mysql"


def test_what_is_queued_is_worked_on(machine):
    assert machine.get("/enqueue?token=amazon&seconds=0").status == 200
    events = lambda: machine.get("/entries?token=amazon").json()["events"]  # noqa: E731
    wait_until("the task has ended", lambda: events() == {"begun": 1, "ended": 1}, 20)
