"""Django's engine for SQLite, for a Django before 5.1, which has neither `transaction_mode` nor `init_command`."""

import importlib

import plumbline_databases

own = importlib.import_module(f"{plumbline_databases.below.engine or 'django.db.backends.sqlite3'}.base")


class DatabaseWrapper(own.DatabaseWrapper):
    def get_new_connection(self, conn_params):
        connection = super().get_new_connection(conn_params)
        connection.execute(plumbline_databases.SYNCHRONOUS).close()
        return connection

    def _start_transaction_under_autocommit(self):
        self.cursor().execute("BEGIN IMMEDIATE")
