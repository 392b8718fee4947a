from django.db import models


class Entry(models.Model):
    """What happened to a token: each line is written once and never changed."""

    token = models.CharField(max_length=100, db_index=True)
    event = models.CharField(max_length=20)
    pid = models.PositiveIntegerField()
    written = models.DateTimeField(auto_now_add=True)
