"""The step that starts the service, with everything that it asks played by others: it ends when every worker serves."""

import pytest
from machine_shell import RUNTIME

SERVES = "2 of 2 workers serve"


@pytest.fixture
def serve(shell):
    """Each health check gets the next answer, the last one for ever: status, header, and what systemd has been told."""
    for command in ("chown", "mv"):
        shell.fake(command)
    shell.fake("tee", "cat")

    def serve(*answers, front="200", ends_after=None):
        for number, (answer, status) in enumerate(answers):
            (shell.folder / f"answer{number}").write_text(answer)
            (shell.folder / f"status{number}").write_text(status)
        last = len(answers) - 1
        count = f'n=$(cat "{shell.folder}/asked" 2>/dev/null || echo 0)'
        shell.fake(
            "curl",
            f"""case $* in *"Host: site"*http://127.0.0.1/) echo -n '{front} '; exit ;; esac
            {count}; echo $((n + 1)) >"{shell.folder}/asked"
            cat "{shell.folder}/answer$((n < {last} ? n : {last}))" """,
        )
        shell.fake(
            "systemctl",
            f"""{count}; n=$((n > 0 ? n - 1 : 0))
            case $* in
              *StatusText*) cat "{shell.folder}/status$((n < {last} ? n : {last}))" ;;
              *InvocationID*) echo $((n < {ends_after or 99} ? 1 : 2)) ;;
              is-active*socket) exit 1 ;;
            esac""",
        )
        shell.fake("journalctl", "echo the journal")
        script = "seal() { :; }; realpath() { :; }; sleep() { :; }; serve"
        variables = {"start_timeout": "2", "health_path": "/health", "host": "site", "logs": str(shell.folder)}
        return shell.run(script, "plumbline_service.sh", **variables)

    return serve


def asked(shell):
    return int((shell.folder / "asked").read_text())


def test_a_machine_serves_when_the_application_has_answered_and_every_worker_serves(shell, serve):
    answers = [("503 ", ""), ("200 ", "0 of 2 workers serve"), ("200 ", "1 of 2 workers serve"), ("200 ", SERVES)]
    result = serve(*answers)
    assert (result.returncode, result.stdout, asked(shell)) == (0, "", 4)


def test_what_nginx_says_for_a_silent_application_is_no_answer(shell, serve):
    assert serve(("200 busy", SERVES), ("200 busy", SERVES), ("200 ", SERVES)).returncode == 0
    assert asked(shell) == 3


def test_without_the_guard_the_worker_that_has_answered_stands_for_all(shell, serve):
    assert serve(("200 ", "Gunicorn arbiter booted")).returncode == 0
    assert asked(shell) == 1


def test_fails_an_application_that_never_answers_itself(serve):
    result = serve(("200 busy", "1 of 2 workers serve"))
    assert result.returncode == 1
    assert result.stdout == "the journal\n/health answered 200 busy through nginx instead of 200\n"


def test_fails_a_machine_on_which_a_worker_does_not_come_up(serve):
    result = serve(("200 ", "1 of 2 workers serve"))
    assert result.returncode == 1
    assert result.stdout == "the journal\n1 of 2 workers serve after 2 s\n"


def test_fails_at_once_when_gunicorn_has_ended(shell, serve):
    assert serve(("503 ", ""), ends_after=1).returncode == 1
    assert asked(shell) == 2


@pytest.mark.parametrize("status", ["500", "502", "503", "504"])
def test_a_front_page_that_fails_is_told_and_fails_no_deployment(serve, status):
    result = serve(("200 ", SERVES), front=status)
    told = f"== the front page (/) answers {status}: journalctl -u gunicorn says why\n"
    assert (result.returncode, result.stdout) == (0, told)


@pytest.mark.parametrize("status", ["200", "302", "401", "404"])
def test_any_other_front_page_is_as_it_should_be(serve, status):
    assert serve(("200 ", SERVES), front=status).stdout == ""


def test_a_front_page_that_does_not_come_is_told(serve):
    assert serve(("200 ", SERVES), front="000").stdout == "== the front page (/) has not answered after 30 s\n"


TYPES = """types {
    text/html  html htm;
    image/avif avif;
    application/javascript js
        mjs;
}
"""


def test_types_that_mime_types_has_are_left_to_it(shell, tmp_path):
    shell.fake("nginx", "echo nginx version: nginx/1.26.3 >&2")
    (tmp_path / "nginx").mkdir()
    (tmp_path / "nginx/mime.types").write_text(TYPES)
    (tmp_path / "nginx/nginx.conf").write_text("  keepalive_min_timeout 7s; # since nginx 1.27.4\n")
    text = (RUNTIME / "plumbline_types.conf").read_text()
    (tmp_path / "nginx/plumbline_types.conf").write_text(text)
    service = (RUNTIME / "plumbline_service.sh").read_text().replace("/etc/nginx", f"{tmp_path}/nginx")
    (tmp_path / "service.sh").write_text(service)
    result = shell.run(f". {tmp_path}/service.sh\nfit_nginx")
    assert (result.returncode, result.stdout) == (0, "")
    now = (tmp_path / "nginx/plumbline_types.conf").read_text()
    gone = [line for line in text.splitlines() if line not in now.splitlines()]
    assert gone == ["    text/javascript mjs;", "    image/avif avif;"]
    assert now.count("\n#     ") == 2
    assert (tmp_path / "nginx/nginx.conf").read_text().startswith("#   keepalive_min_timeout")
