import time

from django.http import HttpResponse
from django.urls import path

time.sleep(12)

urlpatterns = [path("", lambda request: HttpResponse("loaded"))]
