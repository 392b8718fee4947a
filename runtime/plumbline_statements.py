"""How long a statement may take where no request waits for it: in background workers, migrations, shells.

The server's limit is made for requests. What runs outside of them gets its own for the session: the longest that a task
may work, or none (0). Behind a pooler the server's stays, since one process after the other uses the same session.
SQLite has no limit.
"""

VARIABLE = "PLUMBLINE_DATABASE_STATEMENT_TIMEOUT"


def limit(environ):
    """Gives each connection that Django opens the limit, in seconds, that the environment of the process names."""
    pooled = environ.get("PLUMBLINE_DATABASE_TRANSACTION_POOLING") == "1"
    if VARIABLE not in environ or pooled or environ.get("PLUMBLINE_DATABASE_ENGINE") == "sqlite":
        return
    from django.db.backends.signals import connection_created

    seconds = int(environ[VARIABLE])

    def apply(connection, **_):
        if connection.alias == "default":  # others are the project's own
            with connection.cursor() as cursor:
                cursor.execute(statement(connection, seconds))

    connection_created.connect(apply, weak=False, dispatch_uid=__name__)


def statement(connection, seconds):
    if connection.vendor == "postgresql":
        return f"SET statement_timeout = '{seconds}s'"
    if connection.mysql_is_mariadb:
        return f"SET SESSION max_statement_time = {seconds}"
    return f"SET SESSION max_execution_time = {seconds * 1000}"
