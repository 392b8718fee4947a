"""A database in RDS: over TLS that is checked, with a password that may change while everything runs.

The application is loaded in gunicorn's master, where it opens a connection on purpose. Over TLS a shared one is a
`decryption failed or bad record mac`.
"""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.certificates import certificates
from rig.changes import changed, read, wait_for_load_balancer
from rig.load import closed_loop, open_loop
from rig.machine import Machine
from rig.tokens import send_tokens

ENVIRONMENT = "etc/gunicorn/environment"
BUNDLE = "etc/gunicorn/rds-bundle.pem"
APP = "npx tsx test/machine/apps/data.ts"
RATE = 5


@pytest.fixture(params=["rds-postgres", "rds-mariadb"], scope="module")
def engine(request) -> str:
    return request.param


@pytest.fixture
def machine(shared: Callable, engine: str) -> Machine:
    context = {"database": engine, "preloadApp": "true", "workerClass": "sync", "requestTimeout": "10"}
    machine = shared(context, APP)
    wait_for_load_balancer(machine)
    return machine


def test_nobody_reads_another_ones_rows_over_tls(machine):
    with changed(machine, {ENVIRONMENT: read(machine, ENVIRONMENT) + "SAMPLE_CONNECT_EARLY=1\n"}):
        wait_for_load_balancer(machine)
        found = send_tokens(machine, 2_000)
    found.assert_own()
    assert set(found.connections.values()) == {1}


def test_the_certificate_is_checked_by_those_that_rds_publishes(machine):
    assert read(machine, BUNDLE) == certificates().authority.read_text()
    # that of a server signs nothing
    with changed(machine, {BUNDLE: certificates().certificate.read_text()}):
        wait_for_load_balancer(machine)
        assert machine.get("/rows?token=x").status == 500
        assert "certificate verify failed" in machine.run("journalctl -u gunicorn -n 200 -o cat")


def test_a_password_that_is_rotated_costs_no_request_and_no_restart(machine):
    closed_loop(machine.http, ["/rows?token=x"] * 100, 16)
    master = machine.run("systemctl show --value -p MainPID gunicorn")
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(open_loop, machine.http, "/rows?token=x", RATE, 8)
        time.sleep(2)
        machine.database.rotate()
        time.sleep(1)
        machine.database.end_backends()
        outcomes = load.result()
    assert {outcome.status for outcome in outcomes} == {200}
    assert machine.run("systemctl show --value -p MainPID gunicorn") == master


def test_no_password_lies_on_the_disk_or_in_the_user_data(machine):
    machine.database.rotate()
    machine.run("systemctl restart gunicorn")
    machine.wait_for_service()
    line = machine.run("grep ^PLUMBLINE_DATABASE_PASSWORD= /run/plumbline/secrets.env")
    password = json.loads(line.partition("=")[2])
    assert machine.get("/rows?token=x").status == 200
    assert machine.run(f"grep -rIl '{password}' /etc /srv /var /usr/local /root", check=False) == ""
    assert password.encode() not in machine.instance.user_data
