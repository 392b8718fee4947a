from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import path
from goods.models import Good


def index(request):
    Good.objects.create(name="pear")
    return HttpResponse(f"{Good.objects.filter(name='pear').exists()} {static('site.css')}")


urlpatterns = [path("", index)]
