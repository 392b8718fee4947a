"""A snapshot of a volume that is written to, and a stack that is made from it."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from conftest import DATA
from rig.machine import Machine, Options
from rig.run import Run
from rig.shell import wait_until
from rig.uploads import are_kept, upload

ROWS = 1000
WRITERS = 8
UPLOADS = 100


@contextmanager
def writing(machine: Machine) -> Iterator[list[str]]:
    """Transactions of two rows each, without a pause; the tokens of those whose commit was acknowledged."""
    acknowledged: list[str] = []
    done = threading.Event()

    def write(writer: int) -> None:
        number = 0
        while not done.is_set():
            token = f"kept-{writer}-{number}"
            number += 1
            with suppress(OSError):
                if machine.get(f"/transaction?token={token}").status == 200:
                    acknowledged.append(token)
                    continue
            # while the machine stands still
            time.sleep(0.2)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        yield acknowledged
    finally:
        done.set()
        for writer in writers:
            writer.join()


def test_a_stack_from_a_snapshot_has_every_row_that_was_acknowledged_before_it(
    data: Callable, run: Run, tmp_path: Path
):
    source, snapshot = data("mysql"), tmp_path / "snapshot.img"
    with writing(source) as acknowledged:
        wait_until("a thousand rows", lambda: len(acknowledged) >= ROWS // 2, 120)
        upload(source, UPLOADS)
        before = list(acknowledged)
        source.snapshot(snapshot)
        wait_until("more rows", lambda: len(acknowledged) > len(before), 30)

    context = {"database": "mysql", "requestTimeout": "10", "snapshot": "snap-0123456789abcdef0"}
    context |= {"media": "instance"}
    restored = Machine(run, DATA, context, Options(snapshot=snapshot))
    try:
        restored.boot()
        query = "SELECT token FROM app.ledger_entry WHERE token LIKE 'kept-%'"
        rows = Counter(restored.run(f'mariadb -NBe "{query}"').splitlines())
        assert set(before) - set(rows) == set()
        assert set(rows.values()) == {2}
        assert restored.get("/transaction?token=after").status == 200
        assert are_kept(restored, UPLOADS)
        assert "mkfs" not in restored.run("cat /var/log/cloud-init-output.log")
        assert restored.run("systemctl is-active mariadb amazon-ssm-agent").split() == ["active", "active"]
    finally:
        restored.close()
