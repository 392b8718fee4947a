import os

from django.apps import AppConfig


class Ledger(AppConfig):
    name = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # What must never be shared: with `preload_app`, or in the parent of Celery's or RQ's processes, this connection
        # is opened before the fork. Only where it is asked for.
        if os.environ.get("SAMPLE_CONNECT_EARLY") == "1":
            from django.db import connection

            connection.ensure_connection()
