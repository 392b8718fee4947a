"""Rows that may be there already: an error within the migration's transaction that the migration deals with."""

from django.db import IntegrityError, migrations, transaction


def note(apps, _):
    notes = apps.get_model("shelf", "Note").objects
    notes.create(id=1)
    try:
        with transaction.atomic():
            notes.create(id=1)
    except IntegrityError:
        notes.create(id=2)


class Migration(migrations.Migration):
    dependencies = [("shelf", "0003_index")]
    operations = [migrations.RunPython(note)]
