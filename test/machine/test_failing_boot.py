"""A machine that cannot serve says so at once: CloudFormation gets FAILURE, with the step and the reason."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig import fetched
from rig.machine import Machine
from rig.run import Run
from rig.shared_machines import Wanted

STACK = "npx tsx test/machine/apps/stack.ts"


@dataclass(frozen=True)
class Failure:
    seconds: float
    log: str
    reasons: list[str]
    """What the events of the stack show of the signals, of which none says SUCCESS."""
    instance_id: str
    kept: str
    """What the step has said, in the file that stays."""
    cloud_init: str
    answer: int
    """The status that a client gets from the load balancer."""


def fail(machine: Machine) -> Failure:
    """Boots, and tells what came of it once cloud-init has ended."""
    start = time.monotonic()
    machine.start()
    machine.signal()
    seconds = time.monotonic() - start
    machine.run("cloud-init status --wait", check=False)
    signals = machine.region.record.signals
    assert {signal.status for signal in signals} == {"FAILURE"}
    return Failure(
        seconds=seconds,
        log=machine.run("cat /var/log/cloud-init-output.log"),
        reasons=[signal.unique_id for signal in signals],
        instance_id=machine.instance.id,
        kept=machine.run("cat /var/log/plumbline-failed.log", check=False),
        cloud_init=machine.run("cloud-init status", check=False),
        answer=machine.get("/").status,
    )


SCENARIOS = {
    "broken import": Wanted({"application": "broken-import"}, STACK),
    "log in the release": Wanted({"application": "log-in-the-release"}, STACK),
    "missing header": Wanted({"application": "missing-header"}, STACK),
    "no internet": Wanted(options={"internet": False}),
    "full disk": Wanted(options={"disk_mib": 100}),
    "role without s3": Wanted(options={"revoke": ("s3",)}),
}
OTHER_DIGEST = "0123456789abcdef" * 4
FETCHED: dict[str, Callable[[Path], Wanted]] = {
    "another archive": lambda folder: fetched.own_python(folder, sha256=OTHER_DIGEST),
    "unreachable host": lambda folder: fetched.own_python(folder, reachable=False),
    "wrong password": lambda folder: fetched.private_packages(folder, password="wr0ng-password"),
}


@pytest.fixture(scope="module")
def failures(request, run: Run, tmp_path_factory) -> Mapping[str, Future[Failure]]:
    """Of the scenarios that are asked for, two at a time; one that does not end as a failure fails its own tests."""
    asked = [item.callspec.params["failure"] for item in request.session.items if item.path == request.path]

    made = {name: FETCHED[name](tmp_path_factory.mktemp("fetched")) for name in asked if name in FETCHED}

    def failure(name: str) -> Failure:
        machine = (SCENARIOS | made)[name].deploy(run)
        try:
            return fail(machine)
        finally:
            machine.close()

    with ThreadPoolExecutor(2) as pool:
        return {name: pool.submit(failure, name) for name in asked}


@pytest.fixture
def failure(request, failures: Mapping[str, Future[Failure]]) -> Failure:
    return failures[request.param].result()


def of(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("failure", [name], indirect=True)


def assert_names(failure: Failure, step: str, reason: str) -> None:
    """The first signal names step and reason, as far as its 64 characters reach, the log names all of it."""
    first, second = failure.reasons
    assert f"== {step} failed: " in failure.log
    assert reason in failure.log
    assert first.startswith(f"{step}: ")
    assert first[len(step) + 2 :] in failure.log
    # CloudFormation counts a signal of an instance by the instance's id.
    assert second == failure.instance_id
    assert failure.cloud_init == "status: error"
    # The load balancer gets no answer, so no client is sent to a machine that is half made.
    assert failure.answer == 503


@of("broken import")
def test_fails_an_application_that_cannot_be_imported(failure):
    assert_names(failure, "check", "ModuleNotFoundError: No module named 'a_module_that_nobody_installed'")
    assert failure.reasons[0] == "check: ModuleNotFoundError: No module named 'a_module_that_nobod"


@of("log in the release")
def test_fails_a_start_with_the_first_error_of_its_chain_and_keeps_the_rest(failure):
    _, _, reason = failure.reasons[0].partition(": ")
    assert "'site.log'" in reason
    assert "ValueError" not in reason
    assert "ValueError: Unable to configure handler 'file'" in failure.log
    assert failure.kept in failure.log


@of("missing header")
def test_fails_a_package_whose_build_lacks_what_nobody_knows(failure):
    lacking = "pycups==2.0.4 has no wheel for Python 3.13.5 and cannot be built: cups/http.h"
    assert_names(failure, "dependencies", lacking)
    assert failure.reasons[0] == "dependencies: pycups==2.0.4: cups/http.h: No such file or direct"


@of("no internet")
def test_fails_without_a_way_to_the_internet(failure):
    assert_names(failure, "packages", "Unable to connect to ")
    assert failure.reasons[0].startswith("packages: Unable to connect to ")
    # Three tries of 10 seconds each, and what leads up to them.
    assert failure.seconds < 60


@of("full disk")
def test_fails_on_a_full_disk(failure):
    assert_names(failure, "packages", "No space left on device")
    assert failure.reasons[0] == "packages: Write error - write (28: No space left on device)"
    assert failure.seconds < 60


@of("role without s3")
def test_fails_a_role_that_may_not_read_the_application(failure):
    assert_names(failure, "fetch", "is not authorized to perform s3:GetObject")
    assert failure.reasons[0].startswith("fetch: AccessDenied ")
    assert failure.seconds < 30


@of("another archive")
def test_fails_a_python_that_is_not_the_one_that_was_pinned(failure):
    assert_names(failure, "python", f"must have {OTHER_DIGEST} and has ")
    assert failure.reasons[0].startswith("python: another SHA-256 than pinned: cpython-3.11.")
    assert failure.seconds < 60


@of("unreachable host")
def test_fails_where_the_host_of_pythons_is_out_of_reach(failure):
    assert_names(failure, "python", "github.com: Connection timed out after ")
    assert failure.reasons[0].startswith("python: github.com: Connection timed out after 10")
    # Three tries of 10 seconds each, and what leads up to them.
    assert failure.seconds < 90


@of("wrong password")
def test_fails_a_private_index_that_refuses_the_password_and_keeps_it_to_itself(failure):
    assert_names(failure, "dependencies", fetched.INDEX)
    assert failure.reasons[0] == "dependencies: packages.example.com: lack of valid authentication"
    assert "wr0ng" not in failure.log + failure.kept
