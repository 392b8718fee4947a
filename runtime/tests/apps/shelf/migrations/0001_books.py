import time

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel("Book", [("id", models.BigAutoField(primary_key=True)), ("title", models.TextField())]),
        migrations.RunPython(lambda *_: time.sleep(0.2)),
    ]
