import os

from django.conf import settings
from django.http import JsonResponse
from django.urls import path
from greetings import GREETING


def home(request):
    return JsonResponse(
        {
            "greeting": GREETING,
            "mark": settings.MARK,
            "debug": settings.DEBUG,
            "own key": settings.SECRET_KEY == "of the repository",
            "folder": os.getcwd(),
        }
    )


urlpatterns = [path("", home)]
