"""The views as WSGI serves them, and under ASGI all that need not run in the event loop."""

from django.urls import path

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

handler400 = views.bad_request
