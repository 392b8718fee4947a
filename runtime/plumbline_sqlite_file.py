"""Has a database of SQLite keep a write-ahead log: who reads waits for nobody then. The file remembers it, so that it
holds for whatever opens it later, of any framework. A new file begins with it.

    python plumbline_sqlite_file.py <file>
"""

import sqlite3
import sys
from contextlib import closing

PATIENCE = 60  # seconds: the release before this one serves meanwhile, and the change needs a moment alone


def keep_log(file):
    try:
        with closing(sqlite3.connect(file, timeout=PATIENCE)) as connection:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.Error as error:
        sys.exit(f"{file} cannot be used, {error}: give a snapshot from before, as snapshotId")
    if mode != "wal":
        sys.exit(f"{file} stays in the journal mode {mode}, where who reads waits for who writes")


if __name__ == "__main__":
    keep_log(*sys.argv[1:])
