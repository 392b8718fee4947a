"""From `cdk deploy` to the first 200 through the load balancer: the defaults of the reference stack."""

import json
import re

import boto3
import pytest

from rig.instances import MOTO, REGION
from rig.machine import Machine


@pytest.fixture
def machine(shared) -> Machine:
    return shared()


def test_the_load_balancer_answers_200(machine):
    answer = machine.get("/")
    assert answer.status == 200
    assert machine.balancer.target_health() == "UP"
    assert machine.get("/health").status == 200


def test_cloud_init_ran_the_very_user_data_that_ec2_holds(machine):
    assert machine.guest.run("cat /var/lib/cloud/instance/user-data.txt").stdout.encode() == machine.instance.user_data
    assert machine.run("cloud-init status") == "status: done"


def test_no_unit_failed(machine):
    assert machine.run("systemctl --failed --no-legend") == ""
    assert machine.run("systemctl is-system-running --wait") == "running"


def test_units_are_active_and_come_back_at_the_next_boot(machine):
    units = "gunicorn.socket gunicorn.service nginx.service"
    assert machine.run(f"systemctl is-active {units}").split() == ["active"] * 3
    assert machine.run(f"systemctl is-enabled {units}").split() == ["enabled"] * 3


def test_nginx_alone_may_connect_to_the_application(machine):
    for name in ("app", "health"):
        assert machine.run(f"stat -c '%A %U %G' /run/gunicorn/{name}.sock") == "srw-rw---- root www-data"
    assert machine.run("ss -Hltn | awk '{ print $4 }' | sort").split() == [
        "0.0.0.0:22",
        "0.0.0.0:80",
        "[::]:22",
        "[::]:80",
    ]


def test_the_planned_number_of_workers_runs(machine):
    planned = machine.run("sed -n 's/^workers = \\([0-9]*\\).*/\\1/p' /etc/gunicorn/gunicorn.conf.py")
    master = machine.run("systemctl show --value -p MainPID gunicorn")
    assert machine.run(f"pgrep -c -P {master}") == planned
    assert machine.run("test -e /run/plumbline/serving && echo serves") == "serves"


def test_the_release_is_named_by_its_content_and_is_read_by_the_application_s_user(machine):
    release = machine.run("realpath /srv/app/current")
    assert release.startswith("/srv/app/releases/")
    assert machine.run(f"stat -c '%A %U %G' {release} {release}/manage.py").splitlines() == [
        "drwxr-x--x root app",
        "-rwxr-x--- root app",  # what may be executed still may
    ]
    assert release.rsplit("/", 1)[1] in machine.get("/").text


def test_static_files_come_from_nginx_with_cache_headers(machine):
    answer = machine.get("/static/sample/style.css", headers={"Accept-Encoding": "gzip"})
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_request_is_a_line_of_json_in_nginx_log(machine):
    machine.get("/?from=test_boot", headers={"User-Agent": 'quoted " and \\ agent'})
    machine.run("sleep 1.2")  # the log is written once a second
    line = machine.run("grep -F from=test_boot /var/log/nginx/access.log")
    logged = json.loads(line)
    assert logged["request"] == "GET /?from=test_boot HTTP/1.1"
    assert logged["status"] == 200
    assert logged["agent"] == 'quoted " and \\ agent'


def test_nothing_complains_in_any_log(machine):
    assert machine.run("cat /var/log/nginx/error.log") == ""
    assert machine.run("journalctl -q --no-pager -p warning -u gunicorn -u nginx -u gunicorn.socket") == ""
    assert "Booting worker" in machine.guest.journal("gunicorn")


def test_each_step_of_the_bootstrap_names_itself_in_the_log_of_cloud_init(machine):
    log = machine.run("cat /var/log/cloud-init-output.log")
    steps = re.findall("^== ([a-z]+) after", log, re.MULTILINE)
    assert {"packages", "dependencies", "configuration", "secrets", "check", "serve", "served"} <= set(steps)


def test_the_secret_key_is_the_generated_one_and_lies_with_root_alone(machine):
    with machine.region.network.inside():
        secrets = boto3.client(
            "secretsmanager", REGION, endpoint_url=MOTO, aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        names = [s["ARN"] for s in secrets.list_secrets()["SecretList"]]
        generated = secrets.get_secret_value(SecretId=names[0])["SecretString"]
    assert len(names) == 1
    assert machine.run("cat /run/plumbline-secrets/environment") == f'SECRET_KEY="{generated}"'
    assert machine.run("stat -c '%a %U' /run/plumbline-secrets{,/environment}").splitlines() == ["700 root", "600 root"]
    assert generated.encode() not in machine.instance.user_data
    assert generated not in machine.run("cat /var/log/cloud-init-output.log")


def test_every_call_to_aws_was_signed_allowed_and_needed(machine):
    assert [c for c in machine.calls if c.refused or c.status != 200] == []
    actions = [f"{c.service}:{c.action}" for c in machine.calls]
    assert actions.count("s3:GetObject") == 2
    assert actions.count("cloudformation:SignalResource") == 1
    assert set(actions) == {"s3:GetObject", "secretsmanager:GetSecretValue", "cloudformation:SignalResource"}


def test_the_signal_says_success_for_the_instance(machine):
    signal = machine.signal()
    assert (signal.status, signal.unique_id, signal.stack) == ("SUCCESS", machine.instance.id, machine.stack.name)
    assert machine.stack.template["Resources"][signal.resource]["Type"] == "AWS::EC2::Instance"


def test_the_load_balancer_waits_as_long_as_the_plan_says(machine):
    # 300 s for a request, 2 s for the queue, and what each hop needs to answer before the one outside it.
    assert machine.balancer.settings.idle_timeout == 311
