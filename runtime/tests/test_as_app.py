"""as_app, with systemd-run played by another: what the unit of the service says is what the command gets."""

import itertools
import os
import signal
import subprocess
import sys
import time

import pytest
from machine_shell import RUNTIME

SERVICE = """[Unit]
Description=The web application
Wants=mariadb.service

[Service]
Type=notify
NotifyAccess=main
User=app
WorkingDirectory=/srv/app/current/backend
RuntimeDirectory=plumbline
RuntimeDirectoryPreserve=restart
# a comment
Environment=PATH=/srv/app/current/.venv/bin:/usr/bin HOME=/var/lib/app
EnvironmentFile=/etc/gunicorn/environment
ExecStart=/srv/app/current/.venv/bin/gunicorn
ExecReload=/bin/kill -s HUP $MAINPID
KillMode=mixed
TimeoutStartSec=300
WatchdogSec=30
Restart=always
RestartSec=1
OOMPolicy=continue
CapabilityBoundingSet=
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
"""
TAKEN = [
    "User=app",
    "WorkingDirectory=/srv/app/current/backend",
    "Environment=PATH=/srv/app/current/.venv/bin:/usr/bin HOME=/var/lib/app",
    "EnvironmentFile=/etc/gunicorn/environment",
    "CapabilityBoundingSet=",
    "SystemCallFilter=~@privileged @resources",
    "IPAddressDeny=169.254.169.254 fd00:ec2::254",
    "ProtectSystem=strict",
]
# writes down the properties and the command, one a line
NOTE = 'for word in "$@"; do echo "$word"; done >"$TAKEN"; while [ "$1" != env ]; do shift; done; shift 2; exec "$@"'


@pytest.fixture
def as_app(shell):
    units, app = shell.folder / "units", shell.folder / "app"
    (units / "gunicorn.service.d").mkdir(parents=True)
    (app / "releases/1").mkdir(parents=True)
    (app / "current").symlink_to("releases/1")
    (units / "gunicorn.service").write_text(SERVICE.replace("/srv/app", str(app)))
    (units / "gunicorn.service.d/a.conf").write_text("[Service]\nIPAddressDeny=169.254.169.254 fd00:ec2::254\n")
    (units / "gunicorn.service.d/plumbline_sandbox.conf").write_text("# what\n[Service]\nProtectSystem=strict\n")
    shell.fake("id", "echo ${FAKE_USER:-0}")
    shell.fake("systemd-run", NOTE)
    shell.fake("systemctl", 'kill -s "$3" "$(cat "$TAKEN.pid")"')
    shell.taken = shell.folder / "taken"

    def start(*command, **environment):
        return subprocess.Popen(
            ["bash", RUNTIME / "plumbline_as_app.sh", *command],
            env={
                **os.environ,
                "PATH": f"{shell.fakes}:{os.environ['PATH']}",
                "units": str(units),
                "app": str(app),
                "TAKEN": str(shell.taken),
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    start.app = app
    return start


def properties(shell):
    words = shell.taken.read_text().splitlines()
    return [value for option, value in itertools.pairwise(words) if option == "-p"]


def test_a_command_has_what_the_unit_says_of_environment_and_sandbox(as_app, shell):
    process = as_app("echo", "hello")
    assert (process.communicate()[0], process.returncode) == ("hello\n", 0)
    assert properties(shell) == [
        "TimeoutStopSec=5",
        *[text.replace("/srv/app", str(as_app.app)) for text in TAKEN],
    ]


def test_a_step_of_a_deployment_runs_in_the_release_that_is_on_its_way_and_writes_to_it(as_app, shell):
    (as_app.app / "releases/2").mkdir()
    (as_app.app / "next").symlink_to("releases/2")
    as_app("true", building="true").communicate()
    taken = properties(shell)
    assert f"ReadWritePaths={as_app.app}/releases/2" in taken
    assert f"WorkingDirectory={as_app.app}/next/backend" in taken
    assert not any("current" in text for text in taken)
    as_app("true").communicate()  # a person gets what serves
    assert f"WorkingDirectory={as_app.app}/current/backend" in properties(shell)
    assert not any(text.startswith("ReadWritePaths") for text in properties(shell))


def test_a_step_of_a_deployment_ends_while_somebody_waits_for_its_reason(as_app, shell):
    (as_app.app / "releases/2").mkdir()
    (as_app.app / "next").symlink_to("releases/2")
    for seconds, limit in ((100, range(98, 101)), (3, [10]), (-50, [10])):
        as_app("true", building="true", deadline=str(int(time.time()) + seconds)).communicate()
        taken = properties(shell)
        assert next(int(text.partition("=")[2]) for text in taken if text.startswith("RuntimeMaxSec=")) in limit
        assert "KillSignal=SIGINT" in taken
    as_app("true", deadline="1").communicate()  # nobody waits for what a person does
    assert not any(text.startswith("RuntimeMaxSec=") for text in properties(shell))
    said = as_app("bash", "-c", "sleep 10; exit 1", building="true", deadline="1").communicate()[0]
    assert said == "still running after 10 s\n"
    said = as_app("bash", "-c", "sleep 10", building="true", deadline="1").communicate()[0]
    assert said == ""


def test_the_status_and_the_input_of_the_command_pass_through(as_app):
    process = as_app("bash", "-c", "cat; exit 7")
    assert (process.communicate("typed\n")[0], process.returncode) == ("typed\n", 7)


def test_dollars_are_the_command_s_own(as_app, shell):
    as_app("echo", "$HOME costs 5$").communicate()
    assert shell.taken.read_text().splitlines()[-1] == "$$HOME costs 5$$"  # as ExecStart= has it


def test_a_command_may_have_a_terminal_and_its_statements_no_limit(as_app, shell):
    as_app("true").communicate()
    options = shell.taken.read_text().split("\n-p\n")[0].splitlines()
    assert {"--pipe", "--pty", "--wait", "--collect"} <= set(options)
    assert "--setenv=PLUMBLINE_DATABASE_STATEMENT_TIMEOUT=0" in shell.taken.read_text().splitlines()


PROGRAM = """import os, signal, sys, time
for one in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    signal.signal(one, lambda *_: os._exit(3))
with open(os.environ["TAKEN"] + ".starting", "w") as file:
    file.write(str(os.getpid()))
os.rename(file.name, os.environ["TAKEN"] + ".pid")
time.sleep(10)
"""


@pytest.mark.parametrize("sent", ["HUP", "INT", "QUIT", "TERM"])
def test_a_signal_is_the_command_s(as_app, shell, sent):
    program = shell.folder / "program"
    program.write_text(PROGRAM)
    process = as_app(sys.executable, str(program))
    end = time.monotonic() + 10
    while not shell.folder.joinpath("taken.pid").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.Signals[f"SIG{sent}"])
    process.communicate(timeout=10)
    assert process.returncode == 3


@pytest.mark.parametrize(
    ("command", "environment", "said"),
    [
        ((), {}, "as_app COMMAND runs a command as the application runs: sudo as_app python manage.py createsuperuser"),
        (
            ("id",),
            {"FAKE_USER": "1000"},
            "as_app becomes the application's user, which takes root: sudo as_app id",
        ),
        (
            ("id",),
            {"app": "/nonexistent"},
            "no release serves on this machine: /var/log/cloud-init-output.log says why",
        ),
    ],
    ids=["without a command", "without root", "before anything serves"],
)
def test_fails(as_app, command, environment, said):
    process = as_app(*command, **environment)
    assert process.communicate()[0] == f"{said}\n"
    assert process.returncode in (1, 2)


@pytest.mark.parametrize("shell_of_the_session", [["dash"], ["bash", "--posix"]], ids=["Debian", "Amazon Linux"])
def test_a_shell_of_session_manager_shows_where_what_is_once(shell_of_the_session, tmp_path):
    motd = tmp_path / "motd"
    motd.write_text("where what is\n")
    script = tmp_path / "plumbline.sh"
    script.write_text((RUNTIME / "plumbline_motd.sh").read_text().replace("/etc/motd.d/plumbline", str(motd)))
    environment = {"PATH": os.environ["PATH"], "ENV": str(script)}

    def session(*options, typed="sh -i </dev/null\n", **more):
        command = [*shell_of_the_session, *options]
        return subprocess.run(
            command, env={**environment, **more}, input=typed, capture_output=True, text=True, timeout=20
        ).stdout.count("where what is")

    assert session("-i") == 1
    assert session("-i", SSH_CONNECTION="from elsewhere") == 0
    assert session(typed="true\n") == 0
