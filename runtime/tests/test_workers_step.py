"""The step that starts the background workers, with systemd played by another: who stays up has started."""

import pytest


@pytest.fixture
def start(shell):
    """Each unit is in these states, one after the other, the last one for ever: `Type ActiveState NRestarts`."""
    shell.fake("journalctl", 'case "$*" in *-n\\ 1\\ *) echo "the last line" ;; *) echo "the journal" ;; esac')

    def start(units, loading=0, timeout=2):
        (shell.folder / "loading").write_text(f"{loading}\n")
        for unit, states in units.items():
            (shell.folder / unit).write_text("".join(f"{state}\n" for state in states))
        shell.fake(
            "systemctl",
            f"""[ "$1" = show ] || exit 0
            states="{shell.folder}/$5"
            case $5 in *.timer) first=ActiveState ;; *) first=Type ;; esac
            if [ "$3" = $first ]; then  # asked for first, each time
              if [ -e "$states.asked" ] && [ "$(wc -l <"$states")" -gt 1 ]; then sed -i 1d "$states"; fi
              touch "$states.asked"
            fi
            case $5 in *.timer) read -r active ;; *) read -r type active restarts ;; esac <"$states" || true
            case $3 in Type) echo $type ;; ActiveState) echo $active ;; NRestarts) echo $restarts ;; esac""",
        )
        # Seconds go by in the loop, not in the test: one that was unset is a variable like others.
        script = f"""
          unset SECONDS
          SECONDS=0
          sleep() {{ SECONDS=$((SECONDS + 1)); }}
          start_workers {" ".join(units)}
          echo "after $SECONDS s"
        """
        return shell.run(
            script, "plumbline_service.sh", "plumbline_workers.sh", logs=str(shell.folder), start_timeout=str(timeout)
        )

    return start


READY = "notify active 0"
STARTING = "notify activating 0"
UP = "exec active 0"


def test_celery_has_started_when_it_says_so(start):
    assert start({"celery": [STARTING, STARTING, READY]}, timeout=9).stdout == "after 3 s\n"


def test_a_schedule_has_started_when_its_timer_runs(start):
    assert start({"nightly.timer": ["inactive", "active"], "celery": [READY]}).stdout == "after 2 s\n"


def test_fails_a_timer_that_does_not_start_with_what_systemd_says_of_it(start, shell):
    assert (
        start({"nightly.timer": ["inactive"]}).stdout == "the journal\nnightly.timer has not started: the last line\n"
    )
    assert shell.calls[-1] == "journalctl -n 1 --no-pager -o cat _PID=1 UNIT=nightly.timer"


def test_fails_a_worker_with_the_last_that_it_says_itself(start, shell):
    start({"rq@1": ["exec failed 0"]})
    assert shell.calls[-1] == "journalctl -n 1 --no-pager -o cat _SYSTEMD_UNIT=rq@1.service"


def test_fails_celery_that_never_says_so(start):
    result = start({"celery": [STARTING]})
    assert (result.returncode, result.stdout) == (1, "the journal\ncelery has not started: the last line\n")


@pytest.mark.parametrize(("loading", "seconds"), [(0, 15), (10, 35)])
def test_any_other_worker_has_started_when_it_is_up_for_longer_than_the_application_loads(start, loading, seconds):
    assert start({"mailer": [UP]}, loading).stdout == f"after {seconds} s\n"


@pytest.mark.parametrize("ended", ["exec activating 1", "exec active 1", "exec inactive 0", "exec failed 0"])
def test_fails_a_worker_that_ends_after_a_while(start, ended):
    result = start({"rq@1": [UP] * 30, "mailer": [UP] * 8 + [ended]})
    assert (result.returncode, result.stdout) == (1, "the journal\nmailer does not stay up: the last line\n")


def test_fails_celery_that_ends_before_it_is_ready(start):
    assert "celery does not stay up" in start({"celery": [STARTING, "notify activating 1"]}, timeout=9).stdout


def test_a_worker_that_still_ends_its_last_task_is_not_waited_for(start):
    result = start({"celery": ["notify deactivating 0"], "rq@1": ["exec deactivating 0"]})
    assert (result.returncode, result.stdout) == (0, "after 1 s\n")
