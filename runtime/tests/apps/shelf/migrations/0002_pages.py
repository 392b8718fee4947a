from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shelf", "0001_books")]
    operations = [
        migrations.CreateModel("Note", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("Book", "pages", models.IntegerField(null=True)),
    ]
