"""An index that is in nobody's way, and waits for all who have a snapshot."""

import os

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shelf", "0002_pages")]
    concurrently = "CONCURRENTLY" if os.environ["PLUMBLINE_DATABASE_ENGINE"] == "postgresql" else ""
    operations = [migrations.RunSQL(f"CREATE INDEX {concurrently} shelf_pages ON shelf_book (pages)")]
