"""A scheduled command with a real broker: of those whose time has come, one runs it."""

import subprocess
import sys
import time

import pytest

import plumbline_schedule
from conftest import HERE

NAME = "plumbline-schedule:www.example.com:nightly"


@pytest.fixture
def step(broker, queue):
    """As systemd runs it: its exit status, and what the journal shows."""

    def step(*words, owner, url=f"redis+socket://{broker}?virtual_host=1", code="pass", hosts="www.example.com"):
        environment = {
            "PYTHONPATH": str(HERE.parent),
            "PLUMBLINE_BROKER_URL": url,
            "PLUMBLINE_ALLOWED_HOSTS": hosts,
            "INVOCATION_ID": owner,
        }
        program = f"import plumbline_schedule; {code}; plumbline_schedule.run()"
        done = subprocess.run(
            [sys.executable, "-c", program, *words], env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr

    return step


def begin(queue, owner, longest=60):
    return plumbline_schedule.begin(queue, NAME, owner, longest)


def test_of_many_machines_whose_time_has_come_one_runs_the_command(queue):
    assert [begin(queue, owner) for owner in "abcd"] == [None] + ["another machine runs it"] * 3


def test_a_short_run_is_not_run_again_by_a_machine_that_comes_a_little_later(queue, step):
    assert step("begin", "nightly", "60", owner="a") == (0, "")
    assert step("end", "nightly", owner="a") == (0, "")
    assert step("begin", "nightly", "60", owner="b") == (
        1,
        "plumbline_schedule: not here, another machine runs it\n",
    )


def test_the_next_time_it_runs_on_whichever_machine_comes_first(queue, monkeypatch):
    monkeypatch.setattr(plumbline_schedule, "BEGINNING", 1)
    assert begin(queue, "a") is None
    plumbline_schedule.end(queue, NAME, "a")
    time.sleep(1.2)
    assert begin(queue, "b") is None


def test_a_run_that_has_not_ended_is_not_joined_by_the_next_one(queue):
    assert begin(queue, "a") is None
    queue.delete(f"{NAME}:begun")
    assert begin(queue, "b") == "the last run has not ended"


def test_a_machine_that_passes_gives_nothing_free_that_is_another_s(queue):
    assert begin(queue, "a") is None
    plumbline_schedule.end(queue, NAME, "b")
    assert queue.get(f"{NAME}:running") == b"a"


def test_the_run_of_a_machine_that_died_is_over_when_its_time_is(queue):
    begin(queue, "a", longest=61)
    assert 0 < queue.ttl(f"{NAME}:running") <= 61
    assert 0 < queue.ttl(f"{NAME}:begun") <= plumbline_schedule.BEGINNING < 60


def test_services_that_share_a_broker_have_schedules_of_their_own(step):
    assert step("begin", "nightly", "60", owner="a")[0] == 0
    assert step("begin", "nightly", "60", owner="b", hosts="shop.example.com")[0] == 0


def test_fails_and_passes_over_nothing_where_the_machine_knows_no_broker(step):
    status, said = step("begin", "nightly", "60", owner="a", code="import os; del os.environ['PLUMBLINE_BROKER_URL']")
    assert (status, said.splitlines()[-1]) == (255, "KeyError: 'PLUMBLINE_BROKER_URL'")


def test_fails_without_the_broker_after_it_has_had_time_to_come_back(step, tmp_path):
    url = f"redis+socket://{tmp_path}/gone.sock?virtual_host=1"
    status, said = step("begin", "nightly", "60", owner="a", url=url, code="plumbline_schedule.PATIENCE = 1")
    assert status == 255
    assert said.startswith("plumbline_schedule: the broker does not answer: ")
