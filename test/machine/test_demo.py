"""`npm run demo` as a user runs it: what it shows, what it takes, what it leaves behind."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from rig.run import MARK, RUNS
from rig.shell import sh

ROOT = Path(__file__).resolve().parents[2]
APPS = ROOT / "test/machine/apps"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in (MARK, "INIT_CWD")}


def command(*arguments: str) -> list[str]:
    return [str(ROOT / "scripts/demo.sh"), *arguments]


def demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return sh(*command(*arguments), check=False, env=ENVIRONMENT | environment, timeout=400)


def on_this_host() -> list[str]:
    """What a run makes here; other runs may make and take away theirs meanwhile."""
    namespaces = [path.name for path in Path("/run/netns").glob("*")]
    return sorted([*namespaces, *(path.name for path in RUNS.glob("*"))])


def read_all(terminal: int) -> str:
    """What was written to a terminal that nobody has open any more."""
    text = b""
    with contextlib.suppress(OSError):
        while data := os.read(terminal, 4096):
            text += data
    return text.decode()


def of_the_demo(before: list[str], pid: int | None = None) -> list[str]:
    return [name for name in on_this_host() if name not in before and (pid is None or f"-{pid}" in name)]


@pytest.fixture(scope="module")
def shown() -> subprocess.CompletedProcess:
    """All the demo with its defaults."""
    return demo()


class TestPromises:
    @pytest.fixture
    def rows(self, shown) -> dict[str, list[str]]:
        cells = [re.split(r"\s{2,}", line.strip()) for line in shown.stdout.splitlines()]
        return {line[0]: line[1:] for line in cells if len(line) == 3}

    def test_fit_on_one_screen(self, shown):
        assert shown.returncode == 0, shown.stdout + shown.stderr
        lines = shown.stdout.splitlines()
        assert len(lines) <= 24, shown.stdout
        assert max(len(line) for line in lines) <= 100, shown.stdout

    def test_every_step_says_how_long_it_took(self, shown):
        steps = [line for line in shown.stdout.splitlines() if " ... " in line]
        assert len(steps) == 5
        assert all(re.search(r" \.\.\. \d+\.\d s$", step) for step in steps), steps

    def test_a_request_just_under_its_limit_is_served_and_lost_with_the_usual_defaults(self, rows):
        ours, usual = rows["a request of 4.5 s, the limit is 5"]
        assert ours.startswith("200 after 4."), ours
        assert usual.startswith("502 after "), usual

    def test_one_over_its_limit_ends_at_its_second(self, rows):
        ours, _ = rows["a request of 20 s, over the limit"]
        assert re.fullmatch(r"504 after 5\.[0-4] s", ours), ours

    def test_a_killed_worker_costs_no_more_than_what_it_worked_on(self, rows):
        served = re.fullmatch(
            r"(?:all|(\d+) of) (\d+) served, back in [\d.]+ s", rows["a worker is killed, 20 requests/s"][0]
        )
        assert served, rows
        assert int(served[2]) - int(served[1] or served[2]) <= 2

    def test_a_restart_loses_nothing_and_requests_with_the_usual_defaults(self, rows):
        ours, usual = rows["a restart, 20 requests/s"]
        assert ours == "all 80 served"
        assert re.fullmatch(r"\d+ of 80 served", usual), usual

    def test_a_flood_is_refused_at_once_and_full_service_follows(self, rows):
        ours, usual = rows["a flood, 1200 requests in 3 s"]
        assert re.match(r"\d+ served, \d+ × 503 in \d\d? ms", ours), ours
        assert "in vain" in usual
        ours, usual = rows["full service after the flood"]
        assert re.fullmatch(r"at once|after [12] s", ours), ours
        assert usual == "not within 6 s"


def test_a_project_of_the_user_s_is_booted_and_shown_and_nothing_is_left():
    before = on_this_host()
    shown = demo("--app", "flask", "--wsgi", "hello:app", INIT_CWD=str(APPS))
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "GET /: 200" in shown.stdout
    assert re.search(r"GET /static/\S+: 200", shown.stdout), shown.stdout
    assert "errors in the journal of gunicorn since the boot: none" in shown.stdout
    assert of_the_demo(before) == []


def test_fails_with_the_reason_of_a_project_that_does_not_boot():
    shown = demo("--app", str(APPS / "broken-import"), "--wsgi", "site_app:app")
    assert shown.returncode == 1
    assert "the deployment failed, and CloudFormation's event says why: " in shown.stderr
    assert "Error" in shown.stderr


def test_fails_with_what_the_library_says_of_a_prop_and_no_trace_of_node():
    shown = demo("-c", "database=foo")
    assert shown.returncode == 1
    assert shown.stderr.strip().endswith("one of none, mysql, postgres, sqlite, rds-mysql, rds-mariadb, rds-postgres")
    assert " at " not in shown.stderr


def test_ctrl_c_says_what_it_does_and_leaves_nothing():
    before = on_this_host()
    running = subprocess.Popen(
        command(), env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    seen = ""
    while "user data ... " not in seen:
        character = running.stdout.read(1)
        assert character, seen
        seen += character
    time.sleep(2)
    os.killpg(running.pid, signal.SIGINT)
    rest, _ = running.communicate(timeout=60)
    assert "stopped: the machine, its network and its files are taken away" in rest
    assert running.returncode == 130
    assert of_the_demo(before, running.pid) == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--app", "absent", "--wsgi", "a:b"], f"--app {APPS}/absent is no folder"),
        (["--app", "flask"], "--app needs --wsgi MODULE:APP or --asgi MODULE:APP"),
        (["--wsgi", "hello:app"], "--wsgi and --asgi need --app DIR"),
        (["-c", "database"], "-c database must be name=value"),
    ],
)
def test_fails_on_arguments_before_anything_is_installed(arguments, reason):
    shown = demo(*arguments, INIT_CWD=str(APPS))
    assert (shown.returncode, shown.stdout) == (2, "")
    assert reason in shown.stderr


def test_fails_on_a_port_that_is_taken_before_anything_boots():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        shown = demo("--keep", "--port", str(port))
    assert (shown.returncode, shown.stdout) == (2, "")
    assert f"--port {port} is taken: choose another" in shown.stderr


class TestPackagesOfTheHost:
    """A host that can boot nothing yet: its apt-get writes down what it is asked for."""

    NEEDED = ("bash", "dirname", "uname", "sed", "env")

    @pytest.fixture
    def host(self, tmp_path) -> Path:
        for name in self.NEEDED:
            (tmp_path / name).symlink_to(shutil.which(name))
        self.program(tmp_path, "python3", f'exec {shutil.which("python3")} "$@"')
        self.program(tmp_path, "dpkg-query", "[[ ${!#} == haproxy ]] && echo 'ii '")
        self.program(tmp_path, "apt-get", f'echo "$*" >>{tmp_path}/asked')
        return tmp_path

    def program(self, host: Path, name: str, script: str) -> None:
        (host / name).write_text(f"#!{shutil.which('bash')}\n{script}\n")
        (host / name).chmod(0o755)

    def env_of(self, host: Path, **options) -> subprocess.CompletedProcess:
        return sh(str(ROOT / "scripts/machine-env.sh"), check=False, env=ENVIRONMENT | {"PATH": str(host)}, **options)

    def test_are_named_before_they_are_installed_and_only_those_that_are_missing(self, host):
        result = self.env_of(host)
        assert "11 packages are installed ... " in result.stderr
        assert result.stderr.startswith("This host lacks packages that boot a machine: mmdebstrap systemd-container ")
        asked = (host / "asked").read_text().splitlines()
        assert [line.split()[0] for line in asked] == ["update", "install", "install"]
        assert "haproxy" not in asked[2]
        assert "slirp4netns" in asked[2]

    def test_are_not_installed_where_that_would_upgrade_or_remove_another(self, host):
        simulated = "Inst libc6 [2.36-9] (2.41-12 Debian)\\nRemv old-thing [1]\\nInst mmdebstrap (1.5 Debian)"
        self.program(host, "apt-get", f'echo "$*" >>{host}/asked; [[ $* != *--simulate* ]] || printf "{simulated}\\n"')
        result = self.env_of(host)
        assert result.returncode == 1
        assert "apt-get would upgrade or remove libc6 old-thing: install mmdebstrap " in result.stderr
        assert not any(line.startswith("install -y") for line in (host / "asked").read_text().splitlines())

    @pytest.mark.parametrize("answer", ["n", "no", "later"])
    def test_are_asked_for_on_a_terminal(self, host, answer):
        leader, terminal = os.openpty()
        os.write(leader, f"{answer}\n".encode())
        result = sh(
            str(ROOT / "scripts/machine-env.sh"), check=False, env=ENVIRONMENT | {"PATH": str(host)},
            stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, capture_output=False,
        )  # fmt: skip
        os.close(terminal)
        shown = read_all(leader)
        os.close(leader)
        assert result.returncode == 1
        assert "nothing was installed" in shown
        assert not (host / "asked").exists()
