from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import path


def index(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {
            "framework": "Django",
            "secure": request.is_secure(),
            "settings": settings.SETTINGS_MODULE,
            "stylesheet": static("pages/page.css"),
        }
    )


def up(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the project's own health view")


urlpatterns = [path("", index), path("up", up)]
