from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.urls import path


def index(request):
    name = "smile \N{GRINNING FACE}"
    Group.objects.get_or_create(name=name)
    days = list(LogEntry.objects.datetimes("action_time", "day"))  # wants the server's time zones
    return HttpResponse(f"{Group.objects.get(name=name).name} {days}")


def fails(request):
    raise RuntimeError("the view of the newcomer fails")


urlpatterns = [path("admin/", admin.site.urls), path("", index), path("fails", fails)]
