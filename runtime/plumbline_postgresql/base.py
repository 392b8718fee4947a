"""Django's engine for PostgreSQL, for a password that is rotated."""

import importlib

from django.db.backends.postgresql import base

import plumbline_databases
import plumbline_password

own = importlib.import_module(f"{plumbline_databases.below.engine or 'django.db.backends.postgresql'}.base")


class DatabaseWrapper(own.DatabaseWrapper):
    def __init__(self, settings_dict, *args, **kwargs):
        super().__init__(settings_dict, *args, **kwargs)
        if settings_dict["OPTIONS"].get("pool"):
            settings_dict["OPTIONS"]["pool"]["connection_class"] = Connection  # it connects in threads of its own

    def get_new_connection(self, conn_params):
        if getattr(self, "pool", None):  # Django 5.1
            return super().get_new_connection(conn_params)
        return connected(super().get_new_connection, conn_params)


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
