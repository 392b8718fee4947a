"""A machine that cannot serve says so at once: CloudFormation gets FAILURE, with the step and the reason."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from rig.machine import Machine

STACK = "npx tsx test/machine/apps/stack.ts"


@dataclass(frozen=True)
class Failure:
    machine: Machine
    seconds: float
    log: str

    @property
    def reasons(self) -> list[str]:
        """What the events of the stack show of the signals, of which none says SUCCESS."""
        signals = self.machine.region.record.signals
        assert {signal.status for signal in signals} == {"FAILURE"}
        return [signal.unique_id for signal in signals]


@pytest.fixture
def fail(deploy) -> Callable[..., Failure]:
    """Boots, and tells what came of it once cloud-init has ended."""

    def fail(*arguments, **options) -> Failure:
        machine = deploy(*arguments, **options)
        start = time.monotonic()
        machine.start()
        machine.signal()
        seconds = time.monotonic() - start
        machine.run("cloud-init status --wait", check=False)
        return Failure(machine, seconds, machine.run("cat /var/log/cloud-init-output.log"))

    return fail


def assert_names(failure: Failure, step: str, reason: str) -> None:
    """The first signal names step and reason, as far as its 64 characters reach, the log names all of it."""
    first, second = failure.reasons
    assert f"== {step} failed: " in failure.log
    assert reason in failure.log
    assert first.startswith(f"{step}: ")
    assert first[len(step) + 2 :] in failure.log
    # CloudFormation counts a signal of an instance by the instance's id.
    assert second == failure.machine.instance.id
    assert failure.machine.run("cloud-init status", check=False) == "status: error"
    # The load balancer gets no answer, so no client is sent to a machine that is half made.
    assert failure.machine.get("/").status == 503


def test_fails_an_application_that_cannot_be_imported(fail):
    failure = fail({"application": "broken-import"}, STACK)
    assert_names(failure, "check", "ModuleNotFoundError: No module named 'a_module_that_nobody_installed'")
    assert failure.reasons[0] == "check: ModuleNotFoundError: No module named 'a_module_that_nobod"


def test_fails_a_package_without_a_wheel(fail):
    failure = fail({"application": "missing-wheel"}, STACK)
    assert_names(failure, "dependencies", "mysqlclient==2.2.7 has no usable wheels")
    assert failure.reasons[0] == "dependencies: mysqlclient==2.2.7 has no usable wheels and you re"


def test_fails_without_a_way_to_the_internet(fail):
    failure = fail(internet=False)
    assert_names(failure, "packages", "Unable to connect to ")
    assert failure.reasons[0].startswith("packages: Failed to fetch Unable to connect to ")
    # Three tries of 10 seconds each, and what leads up to them.
    assert failure.seconds < 60


def test_fails_on_a_full_disk(fail):
    failure = fail(disk_mib=100)
    assert_names(failure, "packages", "No space left on device")
    assert failure.reasons[0] == "packages: Write error - write (28: No space left on device)"
    assert failure.seconds < 60


def test_fails_a_role_that_may_not_read_the_application(fail):
    failure = fail(revoke=("s3",))
    assert_names(failure, "fetch", "is not authorized to perform s3:GetObject")
    assert failure.reasons[0].startswith("fetch: AccessDenied ")
    assert failure.seconds < 30
