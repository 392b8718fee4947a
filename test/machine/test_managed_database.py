"""A database in RDS: over TLS that is checked, with a password that may change while everything runs.

The application is loaded in gunicorn's master, where it opens a connection on purpose. Over TLS a shared one is a
`decryption failed or bad record mac`.
"""

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.certificates import certificates
from rig.changes import changed, read, wait_for_load_balancer
from rig.load import closed_loop, open_loop
from rig.logs import Logs
from rig.machine import Machine
from rig.preload import of_class, opened_early, without_health_checks, without_hooks
from rig.tokens import send_tokens

BUNDLE = "etc/gunicorn/rds-bundle.pem"
# 10,000 over TLS: each engine in three classes
REQUESTS = {"rds-postgres": 2_400, "rds-mariadb": 950}
RATE = 5
# What is told of a connection that two processes have written to: a record is not the next one of the session, so the
# server, or the client, ends it.
BROKEN = {
    "rds-postgres": "SSL error: (decryption failed or bad record mac|unexpected eof)|SSL SYSCALL error: EOF detected",
    "rds-mariadb": "MySQL server has gone away|Lost connection to MySQL server",
}


@pytest.fixture(params=["rds-postgres", "rds-mariadb"], scope="module")
def engine(request) -> str:
    return request.param


@pytest.fixture
def machine(managed: Callable, engine: str) -> Machine:
    return managed(engine)


def files_of(machine: Machine, worker_class: str) -> dict[str, str]:
    """What makes a machine of gevent one of that class."""
    return {} if worker_class == "gevent" else of_class(machine, worker_class)


@pytest.mark.parametrize("kept_class", ["gevent", "gthread", "sync"])
def test_nobody_reads_another_ones_rows_over_tls(machine, engine, kept_class):
    with changed(machine, opened_early(machine, files_of(machine, kept_class))):
        wait_for_load_balancer(machine)
        assert machine.get("/rows?token=x").json()["worker_class"] == kept_class
        found = send_tokens(machine, REQUESTS[engine])
    found.assert_own()
    # without a pool, each request under gevent has a connection of its own
    most = {"sync": 1, "gthread": 8, "gevent": 8 if engine == "rds-postgres" else REQUESTS[engine]}[kept_class]
    assert max(found.connections.values()) <= most


def test_without_hooks_and_health_checks_the_same_requests_show_errors_of_tls(machine, engine):
    early = opened_early(machine, of_class(machine, "sync"))
    with changed(machine, without_health_checks(machine, without_hooks(machine, early))):
        wait_for_load_balancer(machine)
        logs = Logs(machine)
        found = send_tokens(machine, 200)
    assert found.failed, "a connection was shared and nobody noticed"
    assert re.search(BROKEN[engine], logs.journal()), logs.journal()


def test_the_certificate_is_checked_by_those_that_rds_publishes(machine):
    assert read(machine, BUNDLE) == certificates().authority.read_text()
    # that of a server signs nothing
    with changed(machine, files_of(machine, "sync") | {BUNDLE: certificates().certificate.read_text()}):
        wait_for_load_balancer(machine)
        assert machine.get("/rows?token=x").status == 500
        assert "certificate verify failed" in machine.run("journalctl -u gunicorn -n 200 -o cat")


NOT_ITS = {
    "rds-postgres": ["CREATE ROLE mine", "CREATE DATABASE mine", "SET ROLE plumbline"],
    "rds-mariadb": ["CREATE USER mine", "CREATE DATABASE mine", "SELECT * FROM mysql.user"],
}
AS_APP = "lib=/usr/local/lib/plumbline; . $lib/plumbline_release.sh; as_app"


def test_the_account_of_the_application_owns_its_database_and_may_do_nothing_else(machine, engine):
    for statement in NOT_ITS[engine]:
        code = f"from django.db import connection as c; c.cursor().execute('{statement}')"
        answer = machine.run(f'{AS_APP} python manage.py shell -c "{code}" 2>&1 || true')
        assert re.search("permission denied|command denied|Access denied", answer), answer
    assert machine.run("grep -c '^made the account app' /var/log/cloud-init-output.log") == "1"


def test_the_application_is_not_told_the_administrator_s_password(machine):
    script = "/var/lib/cloud/instance/scripts/part-001"
    secret = machine.run(f"grep -o \"account_administrator='[^']*\" {script}").partition("'")[2]
    assert secret.startswith("arn:")
    assert secret not in machine.run("cat /etc/gunicorn/secrets")


def test_a_password_that_is_rotated_costs_no_request_and_no_restart(machine):
    with changed(machine, files_of(machine, "sync")):
        wait_for_load_balancer(machine)
        rotate_under_load(machine)


def test_django_s_pool_which_connects_in_threads_of_its_own_takes_a_rotated_password_too(managed):
    rotate_under_load(managed("rds-postgres"))


def rotate_under_load(machine: Machine) -> None:
    closed_loop(machine.http, ["/rows?token=x"] * 100, 16)
    master = machine.run("systemctl show --value -p MainPID gunicorn")
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(open_loop, machine.http, "/rows?token=x", RATE, 3)
        time.sleep(1)
        machine.database.rotate()
        outcomes = load.result()
    # While no request has one: that would fail, whatever the password.
    machine.database.end_backends()
    outcomes += open_loop(machine.http, "/rows?token=x", RATE, 3)
    assert {outcome.status for outcome in outcomes} == {200}
    assert machine.run("systemctl show --value -p MainPID gunicorn") == master


def test_no_password_lies_on_the_disk_or_in_the_user_data(machine):
    machine.database.rotate()
    machine.run("systemctl restart gunicorn")
    machine.wait_for_service()
    line = machine.run("grep ^PLUMBLINE_DATABASE_PASSWORD= /run/plumbline-secrets/environment")
    password = json.loads(line.partition("=")[2])
    assert machine.get("/rows?token=x").status == 200
    assert machine.run(f"grep -rIl '{password}' /etc /srv /var /usr/local /root", check=False) == ""
    assert password.encode() not in machine.instance.user_data
