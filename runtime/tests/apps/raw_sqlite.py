"""An application without Django that opens its file of SQLite while it is imported, as with `preload_app`."""

import os
import sqlite3

connection = sqlite3.connect(os.environ["PLUMBLINE_DATABASE_NAME"], check_same_thread=False)
connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
