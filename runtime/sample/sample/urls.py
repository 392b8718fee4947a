"""The views as WSGI serves them, and under ASGI all that need not run in the event loop."""

from django.apps import apps
from django.conf import settings
from django.urls import include, path

from sample import health, views

urlpatterns = [
    path("", views.index),
    path("health", health.health),
    path("slow", views.slow),
    path("stuck", views.stuck),
    path("spin", views.spin),
    path("work", views.work),
    path("eat", views.eat),
]
if settings.CACHED:
    urlpatterns.append(path("cached", views.cached))
if apps.is_installed("ledger"):
    urlpatterns.append(path("", include("ledger.urls")))

handler400 = views.bad_request
