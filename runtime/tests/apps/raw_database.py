"""An application without Django that opens its connection while it is imported, as with `preload_app` in the master."""

import json
import os
import threading

ENGINE = os.environ["PLUMBLINE_DATABASE_ENGINE"]
HOST = os.environ["PLUMBLINE_DATABASE_HOST"]
CA = os.environ.get("PLUMBLINE_DATABASE_CA")
ACCOUNT = {"user": "app", "password": os.environ.get("PLUMBLINE_DATABASE_PASSWORD", "")}
PORT = {"port": int(os.environ["PLUMBLINE_DATABASE_PORT"])} if "PLUMBLINE_DATABASE_PORT" in os.environ else {}

if ENGINE == "mysql":
    import pymysql

    where = {"host": HOST, "ssl_ca": CA} if CA else {"unix_socket": HOST, "ssl_disabled": True}
    connection = pymysql.connect(**where, **PORT, **ACCOUNT, database="app", read_timeout=2)
    BACKEND = "CONNECTION_ID()"
else:
    import psycopg

    connection = psycopg.connect(host=HOST, **PORT, **ACCOUNT, dbname="app", sslmode="require" if CA else "disable")
    BACKEND = "pg_backend_pid()"
lock = threading.Lock()  # the threads of one process know of each other, as they should


def application(environ, start_response):
    token = environ["QUERY_STRING"].removeprefix("token=")
    with lock, connection.cursor() as cursor:
        cursor.execute(f"SELECT %s, {BACKEND}", [token])
        row = cursor.fetchone()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"tokens": [row[0]], "backends": [row[1]], "pid": os.getpid()}).encode()]
