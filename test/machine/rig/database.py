"""The database server of a machine, asked by its administrator."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .machine import Machine


@dataclass(frozen=True)
class Database:
    """What differs between the engines. The application's connections are those of the user `app`."""

    machine: Machine
    unit: str
    client: str
    backends_sql: str
    running_sql: str
    end_sql: str

    def ask(self, sql: str) -> str:
        return self.machine.run(f'{self.client} "{sql}"')

    def backends(self) -> int:
        """The application's connections."""
        return int(self.ask(self.backends_sql))

    def running(self) -> int:
        """Of these, the ones that work on a statement."""
        return int(self.ask(self.running_sql))

    def end_backends(self) -> None:
        """Cut all connections of the application, as a server does with idle ones."""
        for statement in self.ask(self.end_sql).splitlines():
            self.ask(statement)

    @contextmanager
    def watched(self) -> Iterator[list[int]]:
        """How many connections the application had, looked at all the time; read it after the block."""
        seen: list[int] = []
        over = threading.Event()

        def watch() -> None:
            while not over.is_set():
                seen.append(self.backends())
                time.sleep(0.1)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield seen
        finally:
            over.set()
            watcher.join()


def postgresql(machine: Machine) -> Database:
    of_app = "FROM pg_stat_activity WHERE usename = 'app'"
    return Database(
        machine,
        unit="postgresql@17-main",
        client="cd / && runuser -u postgres -- psql -qAtX -d postgres -c",
        backends_sql=f"SELECT count(*) {of_app}",
        running_sql=f"SELECT count(*) {of_app} AND state = 'active'",
        end_sql=f"SELECT 'SELECT pg_terminate_backend(' || pid || ')' {of_app}",
    )


def mariadb(machine: Machine) -> Database:
    of_app = "FROM information_schema.processlist WHERE user = 'app'"
    return Database(
        machine,
        unit="mariadb",
        client="mariadb -NB -e",
        backends_sql=f"SELECT count(*) {of_app}",
        running_sql=f"SELECT count(*) {of_app} AND command = 'Query'",
        end_sql=f"SELECT CONCAT('KILL ', id) {of_app}",
    )
