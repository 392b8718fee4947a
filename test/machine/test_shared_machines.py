"""How many machines of the tests live at the same time. Nothing boots here."""

import threading

import pytest

from rig.shared_machines import AT_ONCE, SharedMachines, Wanted

DEFAULT = Wanted()
OTHERS = [Wanted({"requestTimeout": str(number)}) for number in range(3 * AT_ONCE)]


class Fleet(SharedMachines):
    def __init__(self):
        super().__init__(run=None)
        self.alive = set()
        self.most = 0
        self.side_by_side = threading.Barrier(2, timeout=1)

    def _boot(self, wanted):
        self.alive.add(wanted.key)
        self.most = max(self.most, len(self.alive))
        if wanted.key != DEFAULT.key:
            try:
                self.side_by_side.wait()
            except threading.BrokenBarrierError:
                self.side_by_side.reset()
        return Stub(self, wanted.key)


class Stub:
    def __init__(self, fleet, key):
        self.fleet, self.key = fleet, key

    def close(self):
        self.fleet.alive.remove(self.key)


@pytest.fixture
def fleet():
    return Fleet()


def test_no_more_live_than_a_host_can_have_also_where_two_boot_side_by_side(fleet):
    fleet.get(DEFAULT)
    fleet.prepare(OTHERS)
    assert fleet.most <= AT_ONCE + 1
    assert len(fleet.alive) == AT_ONCE + 1


def test_the_default_machine_stays(fleet):
    fleet.get(DEFAULT)
    fleet.prepare(OTHERS)
    assert DEFAULT.key in fleet.alive


def test_the_one_that_was_used_last_stays_longest(fleet):
    first, second, *others = OTHERS[: AT_ONCE + 1]
    fleet.prepare([first, second, *others[:-1]])
    fleet.get(first)
    fleet.get(others[-1])
    assert first.key in fleet.alive
    assert second.key not in fleet.alive


def test_all_are_closed_at_the_end(fleet):
    fleet.prepare([DEFAULT, *OTHERS[:3]])
    fleet.close()
    assert fleet.alive == set()
