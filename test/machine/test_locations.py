"""Settings of a path on a booted machine, behind its load balancer: on that of test_applications."""

import base64
import http.client
import json
import re
import socket
import subprocess

import boto3
import pytest

from rig.changes import changed
from rig.deploy import ROOT
from rig.instances import MOTO, REGION
from rig.machine import Machine
from rig.network import BALANCER, VPC_RANGE
from rig.shared_machines import SharedMachines
from rig.shell import wait_until
from test_applications import STACK

OFFICE = "198.51.100.7"
ANNA = ("anna", "open sesame")
HEALTH_CHECK = {"User-Agent": "ELB-HealthChecker/2.0", "X-Plumbline-Health": "1"}
NGINX = "etc/nginx/nginx.conf"


@pytest.fixture(scope="module")
def machine(shared: SharedMachines) -> Machine:
    machine = shared({"application": "flask"}, STACK)
    machine.region.network.ip("addr", "replace", f"{OFFICE}/32", "dev", "lo")
    return machine


def status(
    machine: Machine,
    path: str,
    login: tuple[str, str] | None = None,
    client: str = BALANCER,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> int:
    address = machine.balancer.address
    connection = http.client.HTTPConnection(*address, timeout=30)
    with machine.region.network.inside():
        connection.sock = socket.create_connection(address, 30, source_address=(client, 0))
    try:
        basic = login and {"Authorization": "Basic " + base64.b64encode(":".join(login).encode()).decode()}
        connection.request(method, path, body, {**(basic or {}), **(headers or {})})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def test_a_path_is_for_those_who_know_the_password(machine):
    assert [status(machine, path) for path in ("/staff", "/staff/", "/staff/x")] == [401, 401, 401]
    assert status(machine, "/staff/x", ("anna", "guess")) == 401
    assert status(machine, "/staff/x", ANNA) == 404  # the application's
    assert status(machine, "/") == 200


def test_the_password_is_kept_as_a_hash_that_nginx_alone_reads(machine):
    files = "/etc/nginx/passwords /etc/nginx/passwords/* /etc/plumbline/passwords"
    assert machine.run(f"stat -c '%n %a %U %G' {files}").splitlines() == [
        "/etc/nginx/passwords 750 root www-data",
        "/etc/nginx/passwords/:staff 640 root www-data",
        "/etc/plumbline/passwords 600 root root",
    ]
    assert machine.run("cat /etc/nginx/passwords/*").startswith("anna:{SSHA}")
    assert "denied" in machine.run("runuser -u app -- cat /etc/nginx/passwords/:staff 2>&1 || true")
    assert b"sesame" not in machine.instance.user_data
    assert machine.run("grep -rl sesame /etc /run /var/log /var/lib/plumbline /usr/local/lib/plumbline || true") == ""


def test_a_path_is_for_addresses_that_nobody_can_forge(machine):
    for path in ("/office", "/static/plans/plan.txt"):
        assert status(machine, path, client=OFFICE) == 404
        for forged in ({}, {"X-Forwarded-For": OFFICE}, {"X-Real-IP": OFFICE, "Forwarded": f"for={OFFICE}"}):
            assert status(machine, path, headers=forged) == 403


def test_a_path_takes_larger_bodies_than_others(machine):
    body = bytes(5 << 20)
    assert (status(machine, "/large", method="POST", body=body), status(machine, "/", method="POST", body=body)) == (
        404,
        413,
    )


def test_the_load_balancer_is_let_in_where_nobody_else_is(machine):
    locations = [{"path": "/", "basicAuth": True, "allow": [f"{OFFICE}/32"]}]
    plan = {"requestTimeout": 20, "locations": locations}
    specification = json.dumps({"plan": plan, "trustedProxies": [VPC_RANGE]})
    command = ["npx", "tsx", "test/support/rendered-nginx.ts", specification]
    text = re.sub(r"(?m)^.*since nginx .*\n", "", subprocess.check_output(command, cwd=ROOT, text=True))
    hashes = machine.run("cat /etc/nginx/passwords/:staff")
    with changed(machine, {NGINX: text, "etc/nginx/passwords/:": f"{hashes}\n"}):
        wait_until("the load balancer takes the machine back", lambda: machine.balancer.target_health() == "UP", 30)
        machine.run("sleep 11")  # a whole interval of health checks
        assert machine.balancer.target_health() == "UP"
        assert status(machine, "/") == 403
        assert status(machine, "/", client=OFFICE) == 401
        assert status(machine, "/", ANNA, client=OFFICE) == 200
        for path in ("/health", "//health", "/.plumbline/health"):
            assert status(machine, path, headers=HEALTH_CHECK) in (403, 404)
        assert status(machine, "/health", client=OFFICE, headers=HEALTH_CHECK) == 401


def test_a_password_that_has_changed_is_found(machine):
    assert machine.run("systemctl is-active plumbline_passwords.timer") == "active"
    changed_one = ("anna", "new")
    try:
        put_secret(machine, changed_one)
        machine.run("systemctl start plumbline_passwords")  # as the timer does
        assert status(machine, "/staff", ANNA) == 401
        assert status(machine, "/staff", changed_one) == 404
    finally:
        put_secret(machine, ANNA)
        machine.run("systemctl restart nginx")  # which wants it too
    assert status(machine, "/staff", ANNA) == 404


def put_secret(machine: Machine, login: tuple[str, str]) -> None:
    value = json.dumps(dict(zip(("username", "password"), login, strict=True)))
    with machine.region.network.inside():
        secrets = boto3.client(
            "secretsmanager", REGION, endpoint_url=MOTO, aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        secrets.put_secret_value(SecretId="login", SecretString=value)


def test_nothing_of_it_complains(machine):
    assert machine.run("nginx -t 2>&1 | grep -c warn || true") == "0"
    assert machine.run("systemctl --failed --no-legend") == ""
