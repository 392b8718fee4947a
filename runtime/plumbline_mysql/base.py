"""Django's engine for MySQL and MariaDB, for a password that is rotated."""

from django.db.backends.mysql import base

import plumbline_password

ACCESS_DENIED = 1045


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params):
        return plumbline_password.connect_with_current(super().get_new_connection, conn_params, is_refusal)


def is_refusal(error):
    return isinstance(error, base.Database.OperationalError) and error.args[0] == ACCESS_DENIED
