from django.conf import settings
from django.urls import path

from ledger import views

urlpatterns = [
    path("rows", views.rows),
    path("query", views.query),
    path("transaction", views.transact),
    path("entries", views.entries),
]
if settings.TASKS:
    urlpatterns.append(path("enqueue", views.enqueue))
