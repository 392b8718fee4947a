"""Of machines that boot at once one migrates, under a lock of the database; the others wait and find nothing to do.

The lock has a connection of its own that stays open as long. There is one to spare: the workers that the budget counts
for this machine have not started yet.
"""

import time

# In seconds.
TURN = 600  # that a machine waits for another one: less than the 15 minutes that a deployment has by default
TOLD = 30  # between two lines about it
POLL = 1


def take_turn(connection):
    if connection.vendor == "sqlite":
        return  # its file has one machine
    lock = PostgreSqlLock(connection) if connection.vendor == "postgresql" else MySqlLock(connection)
    started, told = time.monotonic(), -TOLD
    while not lock.take():
        waited = time.monotonic() - started
        if waited >= TURN:
            raise SystemExit(
                f"waited {TURN} s for migrations of another machine ({lock.holder()}): deploy when they have ended"
            )
        if waited >= told + TOLD:
            told = waited
            print(f"waiting for migrations of another machine ({lock.holder()}), {waited:.0f} s so far", flush=True)
        time.sleep(POLL)


class PostgreSqlLock:
    """Of a transaction: a pooler gives sessions to whoever comes next."""

    KEY = (0x706C756D, 0x6D696772)  # numbers of ours; such a lock is of one database

    def __init__(self, connection):
        self.connection = connection
        connection.set_autocommit(False)
        # a stricter one keeps a snapshot, and CREATE INDEX CONCURRENTLY waits for those
        ask(connection, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        ask(connection, "SET LOCAL idle_in_transaction_session_timeout = 0")

    def take(self):
        return ask(self.connection, "SELECT pg_try_advisory_xact_lock(%s, %s)", self.KEY)[0]

    def holder(self):
        found = ask(
            self.connection,
            "SELECT pid, client_addr FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory'"
            " AND classid = %s AND objid = %s AND objsubid = 2 AND granted AND datname = current_database()",
            self.KEY,
        )
        return f"session {found[0]} from {found[1] or 'a UNIX socket'}" if found else "it ends"


class MySqlLock:
    """Of a session, which RDS Proxy then keeps for it."""

    NAME = "CONCAT('plumbline:', MD5(DATABASE()))"  # such a lock is of the whole server

    def __init__(self, connection):
        self.connection = connection
        ask(connection, "SET SESSION wait_timeout = 86400")

    def take(self):
        return ask(self.connection, f"SELECT GET_LOCK({self.NAME}, 0)")[0]

    def holder(self):
        found = ask(
            self.connection,
            f"SELECT id, host FROM information_schema.processlist WHERE id = IS_USED_LOCK({self.NAME})",
        )
        return f"session {found[0]} from {found[1]}" if found else "it ends"


def ask(connection, query, parameters=()):
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchone() if cursor.description else None
