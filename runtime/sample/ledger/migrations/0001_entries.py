from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(db_index=True, max_length=100)),
                ("event", models.CharField(max_length=20)),
                ("pid", models.PositiveIntegerField()),
                ("written", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
