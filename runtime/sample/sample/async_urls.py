"""Under ASGI: the views that wait, or compute, in the event loop itself come first."""

from django.urls import path

from sample import urls, views

urlpatterns = [
    path("slow", views.slow_async),
    path("spin", views.spin_async),
    *urls.urlpatterns,
]

handler400 = views.bad_request
