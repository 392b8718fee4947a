"""What a command of the application may do is what the application may do: `as_app`, from its unit."""

import shlex
from collections.abc import Callable

import pytest

from rig.changes import wait_for_load_balancer
from rig.machine import Machine
from rig.shell import wait_until

PROBE = """
import json, os, pathlib, socket
places = "/run /var/lib/app /tmp /var/tmp /srv/app/current /etc /home /root /dev/shm /usr /opt".split()
def tried(action):
    try:
        return str(action())
    except OSError as error:
        return error.strerror
def write(place):
    file = pathlib.Path(place, "probe")
    file.touch()
    file.unlink()
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
print(json.dumps({
    "writes": {place: tried(lambda: write(place)) for place in places},
    "sees": {place: tried(lambda: sorted(os.listdir(place))) for place in ("/home", "/root", "/dev")},
    "processes": all(os.stat(f"/proc/{pid}").st_uid == os.getuid() for pid in os.listdir("/proc") if pid.isdigit()),
    "rights": {name: status[name] for name in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp", "Uid", "Gid", "Groups")},
    "umask": status["Umask"],
    "limits": [line for line in open("/proc/self/limits").read().splitlines() if "open files" in line],
    "netlink": tried(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()),
    "nice": tried(lambda: os.nice(-5)),
    "environment": {name: value for name, value in os.environ.items() if name not in OWN},
    "folder": os.path.realpath(os.getcwd()),
}, sort_keys=True))
"""
# Of systemd's notes to a service, of a unit's own, and what commands have that requests have not.
OWN = """
OWN = ("INVOCATION_ID", "JOURNAL_STREAM", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "LISTEN_PIDFDID", "MANAGERPID",
       "NOTIFY_SOCKET", "RUNTIME_DIRECTORY", "SERVER_SOFTWARE", "STATE_DIRECTORY", "SYSTEMD_EXEC_PID", "WATCHDOG_PID",
       "WATCHDOG_USEC",
       "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE", "PLUMBLINE_DATABASE_STATEMENT_TIMEOUT", "SHLVL",
       "_", "PWD", "OLDPWD", "TERM", "EXIT_CODE")
"""
PROGRAM = "opt/probe.py"


@pytest.fixture
def machine(data: Callable) -> Machine:
    machine = data("mysql", background_worker="celery")
    (machine.guest.root / PROGRAM).write_text(OWN + PROBE)
    return machine


def test_a_command_may_write_and_see_what_the_service_may(machine):
    drop_in = "/run/systemd/system/gunicorn.service.d/probe.conf"
    probe = f"/srv/app/current/.venv/bin/python /{PROGRAM}"
    machine.run(
        f"mkdir -p {drop_in.rpartition('/')[0]} && printf '%s\\n' '[Service]'"
        f" 'ExecStartPre=/bin/bash -c \"{probe} >/var/lib/app/service\"' >{drop_in}"
        " && systemctl daemon-reload && systemctl restart gunicorn"
    )
    try:
        service = machine.run("cat /var/lib/app/service")
    finally:
        machine.run(f"rm {drop_in} /var/lib/app/service && systemctl daemon-reload")
    assert machine.run(f"as_app python /{PROGRAM}") == service
    assert '"HOME": "/var/lib/app"' in service
    assert '"TMPDIR": "/var/tmp"' in service
    assert '"PATH": "/srv/app/current/.venv/bin:' in service
    wait_for_load_balancer(machine)


def test_a_command_of_a_deployment_that_does_not_end_is_ended_and_says_where_it_was(machine):
    hang = "import time; time.sleep(600)"
    asked = "building=true deadline=1 bash /usr/local/lib/plumbline/plumbline_as_app.sh"
    said = machine.run(f"{asked} python -c '{hang}' 2>&1; echo status $?", timeout=60)
    assert "KeyboardInterrupt" in said
    assert said.splitlines()[-2:] == ["still running after 10 s", "status 1"]


def test_status_input_and_signals_of_a_command_pass_through(machine):
    assert machine.run("as_app bash -c 'exit 7'; echo $?") == "7"
    assert machine.run("echo typed | as_app cat") == "typed"
    assert machine.run("as_app bash -c 'echo $HOME $((1 + 1)) \"$0\"' '$x'") == "/var/lib/app 2 $x"
    stopped = "as_app bash -c 'trap \"exit 3\" TERM; while :; do sleep 0.1; done' & sleep 2; kill $!; wait $!; echo $?"
    assert machine.run(stopped) == "3"
    assert machine.run("systemctl list-units --all --plain --no-legend 'as_app*'") == ""


def test_a_command_may_ask_on_a_terminal(machine):
    asks = "import getpass, os, sys; print(sys.stdin.isatty(), 'got', getpass.getpass())"
    typed = f"( sleep 3; echo secret ) | script -qec {shlex.quote(f'as_app python -c {shlex.quote(asks)}')} /dev/null"
    answer = machine.run(typed, timeout=60)
    assert "Password:" in answer
    assert "True got secret" in answer


def test_who_is_not_root_is_told_what_to_do(machine):
    refused = machine.run("runuser -u nobody -- as_app id 2>&1", check=False)
    assert refused == "as_app becomes the application's user, which takes root: sudo as_app id"


def test_a_shell_of_session_manager_says_where_what_is(machine):
    shown = machine.run("ENV=/etc/profile.d/plumbline.sh sh -i </dev/null 2>/dev/null; bash -lic true 2>/dev/null")
    assert shown.count("sudo as_app python manage.py createsuperuser") == 2
    assert "systemctl status gunicorn nginx celery" in shown


def test_systemd_knows_how_many_workers_serve_and_that_celery_does(machine):
    def status() -> str:
        return machine.run("systemctl show -p StatusText --value gunicorn")

    wait_until("all workers serve", lambda: status().split()[0] == status().split()[2], 20)
    assert machine.run("systemctl show -p Type,ActiveState celery").split() == ["Type=notify", "ActiveState=active"]
