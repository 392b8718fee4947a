import psycopg  # noqa: F401 for its memory
import requests  # noqa: F401 for its memory
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import include, path
from PIL import Image  # noqa: F401 for its memory
from rest_framework import routers, serializers, viewsets


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username"]


class UserViewSet(viewsets.ModelViewSet):
    queryset = User.objects.order_by("id")
    serializer_class = UserSerializer


router = routers.DefaultRouter()
router.register("users", UserViewSet)

urlpatterns = [path("admin/", admin.site.urls), path("api/", include(router.urls))]
