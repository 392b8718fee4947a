"""`migrate`, once at a time in a database, and never long in the way of those who use it.

A statement that changes a table waits for all who use it, and all who come later wait behind the statement. So it
waits for a moment, gives up, lets them pass, and is tried again: alone where it is a transaction of its own, and else
with its migration, which the database has taken back.
"""

import os
import sys
import time

from plumbline_migrate_lock import take_turn

# In seconds.
LOCK = 3  # that a statement waits for a table, and others behind it: few requests have a shorter limit
PAUSES = (2, 5, 10, 20, 40)  # before each further try: what uses the table may be a request, a task, a dump

LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL
LOCK_WAIT_TIMEOUT = 1205  # MySQL, MariaDB
BUSY = "database is locked"  # SQLite, whose code the sqlite3 of Python 3.10 does not tell


def main():
    sys.path[:0] = [os.getcwd()]
    import django

    django.setup()
    from django.db import connections

    turn = connections.create_connection("default")
    take_turn(turn)
    migrate(connections["default"])
    turn.close()


def migrate(connection):
    from django.core.management import call_command
    from django.db import OperationalError

    patience = Patience()
    connection.execute_wrappers.append(patience)
    note_migrations(patience)
    pauses = iter(PAUSES)
    while True:
        try:
            return call_command("migrate", interactive=False, skip_checks=False)
        except OperationalError as error:
            if not is_lock_timeout(error):
                raise
            patience.wait(pauses if patience.is_taken_back(connection) else iter(()))


def note_migrations(patience):
    """Which one runs, Django tells nobody but the console."""
    from django.db.migrations.migration import Migration

    apply = Migration.apply

    def noted(migration, *arguments, **options):
        patience.migration = migration
        return apply(migration, *arguments, **options)

    Migration.apply = noted


class Patience:
    """Called around each statement: Django's database instrumentation."""

    migration = None
    statement = ""

    def __call__(self, execute, sql, params, many, context):
        if str(sql).startswith("ROLLBACK TO"):  # waits for nobody, and after an error a transaction takes nothing else
            return execute(sql, params, many, context)
        connection = context["connection"]
        pauses = iter(() if connection.in_atomic_block else PAUSES)
        while True:
            limit(connection, 0 if "CONCURRENTLY" in str(sql).upper() else LOCK)
            try:
                return execute(sql, params, many, context)
            except Exception as error:
                if not is_lock_timeout(error):
                    raise
                self.statement = " ".join(str(sql).split())
                if connection.in_atomic_block:
                    raise
                self.wait(pauses)

    def is_taken_back(self, connection):
        return connection.features.can_rollback_ddl and (self.migration is None or self.migration.atomic)

    def wait(self, pauses):
        pause = next(pauses, None)
        name = self.migration or "migrate"
        if pause is None:
            sys.stdout.write("\n")
            sys.stdout.flush()
            raise SystemExit(
                f"{name} waits for a table that stays in use, and gives up, so that others need not wait: "
                f"{self.statement[:200]}; end what uses it, or deploy again when that has ended"
            )
        print(f"\n{name} gives way after {LOCK} s, and tries again in {pause} s: {self.statement[:200]}", flush=True)
        time.sleep(pause)


def limit(connection, seconds):
    """How long the next statement may wait for a table; how long it takes then is not limited. Where a pooler gives the
    session to others, that can be said within a transaction only."""
    if connection.vendor == "sqlite":
        # nobody waits behind it there, but it needs the one lock that others ask for all the time
        connection.connection.execute(f"PRAGMA busy_timeout = {LOCK * 1000}").close()
    elif connection.vendor == "mysql":
        # 0 is not without a limit here, and nothing asks for that
        set_limit(connection, f"SET SESSION lock_wait_timeout = {seconds or LOCK}")
    elif connection.in_atomic_block:
        set_limit(connection, f"SET LOCAL lock_timeout = '{seconds}s'; SET LOCAL statement_timeout = 0")
    elif os.environ.get("PLUMBLINE_DATABASE_TRANSACTION_POOLING") != "1":
        set_limit(connection, f"SET SESSION lock_timeout = '{seconds}s'")


def set_limit(connection, statement):
    # not through Django, which would call us for it
    with connection.connection.cursor() as cursor:
        cursor.execute(statement)


def is_lock_timeout(error):
    cause = error.__cause__ or error
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)  # psycopg 3, psycopg 2
    return state == LOCK_NOT_AVAILABLE or error.args[:1] in ((LOCK_WAIT_TIMEOUT,), (BUSY,))


if __name__ == "__main__":
    main()
