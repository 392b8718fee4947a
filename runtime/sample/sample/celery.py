"""`celery -A sample`: broker and limits are in Django's settings, where the machine puts them."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sample.settings")
app = Celery("sample")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
