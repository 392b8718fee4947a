"""Django's engine for PostgreSQL: for a rotated password, and for a server that has ended the connections of a pool."""

import importlib
import time

from django.db.backends.postgresql import base

import plumbline_databases
import plumbline_password

own = importlib.import_module(f"{plumbline_databases.below.engine or 'django.db.backends.postgresql'}.base")


class DatabaseWrapper(own.DatabaseWrapper):
    def __init__(self, settings_dict, *args, **kwargs):
        super().__init__(settings_dict, *args, **kwargs)
        if settings_dict["OPTIONS"].get("pool") and settings_dict["PASSWORD"]:
            settings_dict["OPTIONS"]["pool"]["connection_class"] = Connection  # it connects in threads of its own

    def get_new_connection(self, conn_params):
        if getattr(self, "pool", None):  # Django 5.1
            return self.alive(lambda: super(DatabaseWrapper, self).get_new_connection(conn_params))
        return connected(super().get_new_connection, conn_params)

    def alive(self, get):
        """One that answers. The pool's own check waits for 1, 2 and 4 s between connections that do not (psycopg_pool
        3.3.3), longer than a pool's client does, when a server that was restarted has ended all of them."""
        end = time.monotonic() + self.pool.timeout
        while True:
            connection = get()
            try:
                self.pool.check_connection(connection)
                return connection
            except base.Database.Error:
                self.pool.putconn(connection)
                if time.monotonic() >= end:
                    raise


if base.is_psycopg3:

    class Connection(base.Database.Connection):
        @classmethod
        def connect(cls, conninfo="", **parameters):
            def connect(current):
                return super(Connection, cls).connect(conninfo, **current)

            return connected(connect, parameters)


def connected(connect, parameters):
    if not parameters["host"].startswith("/"):
        return plumbline_password.connect_with_current(connect, parameters, is_refusal)

    # PgBouncer, which lets its client in before the server has let in PgBouncer
    def connect_and_ask(given):
        connection = connect(given)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            connection.rollback()
        except base.Database.Error:
            connection.close()
            raise
        return connection

    return plumbline_password.connect_when_let_in(connect_and_ask, parameters, is_refusal)


def is_refusal(error):
    # libpq hands on no SQLSTATE of a connection that has not come about; SASL is PgBouncer's word
    text = str(error)
    return isinstance(error, base.Database.OperationalError) and (
        "password authentication failed" in text or "SASL authentication failed" in text
    )
