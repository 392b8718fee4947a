from django.conf import settings
from django.http import JsonResponse
from django.urls import path


def index(request):
    return JsonResponse({"name": settings.NAME, "key": settings.SECRET_KEY == "of the repository"})


urlpatterns = [path("", index)]
