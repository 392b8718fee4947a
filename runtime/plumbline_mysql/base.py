"""Django's engine for MySQL and MariaDB over TLS, for a password that is rotated."""

import functools
import importlib
import ssl

from django.db.backends.mysql import base

import plumbline_databases
import plumbline_password

ACCESS_DENIED = 1045


own = importlib.import_module(f"{plumbline_databases.below.engine or 'django.db.backends.mysql'}.base")


class DatabaseWrapper(own.DatabaseWrapper):
    def get_new_connection(self, conn_params):
        connect = super().get_new_connection
        return plumbline_password.connect_with_current(connect, with_context(conn_params), is_refusal)


def with_context(parameters):
    """PyMySQL would read the CA bundle for each connection: 50 ms of processor time for 144 certificates."""
    others = {name: value for name, value in parameters.items() if not name.startswith("ssl")}
    if parameters.keys() - others.keys() != {"ssl_ca", "ssl_verify_cert", "ssl_verify_identity"}:
        return parameters  # not as plumbline_databases writes it
    return {**others, "ssl": context(parameters["ssl_ca"])}


@functools.cache
def context(ca):
    made = ssl.create_default_context(cafile=ca)
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT  # as PyMySQL: CAs of databases seldom have all that RFC 5280 asks for
    return made


def is_refusal(error):
    return isinstance(error, base.Database.OperationalError) and error.args[0] == ACCESS_DENIED
