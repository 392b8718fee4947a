"""Releases of the sample: copies with other code."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from .deploy import ROOT

CACHE_LIBRARIES = "django-redis==7.0.0\ndjango-cacheops==7.2\n"
# Which of them, the environment says; without it Django's own.
CACHE_SETTINGS = """
LIBRARY = os.environ.get("CACHE_LIBRARY", "django")
if LIBRARY == "django-redis":
    CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache"}}
if LIBRARY == "cacheops":
    INSTALLED_APPS.append("cacheops")
    CACHEOPS = {"ledger.entry": {"ops": "all", "timeout": 60}}
"""
CACHE_VIEW = """
from django.conf import settings
from django.core.cache import cache
from django.http import JsonResponse
from django.urls import path
from sample import urls

if settings.LIBRARY == "cacheops":
    from cacheops import cache


def echo(request):
    token = request.GET["token"]
    cache.set(token, token, 60)
    return JsonResponse({"token": cache.get(token)})


cache.set("early", "in gunicorn's master", 60)
urls.urlpatterns.append(path("echo", echo))
"""

UPLOAD_VIEW = """
import hashlib

from django.core.files.storage import default_storage
from django.http import JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from sample import urls


@csrf_exempt
def upload(request):
    (file,) = request.FILES.getlist("file")
    name = default_storage.save(f"photos/{file.name}", file)
    return JsonResponse({"name": name, "url": default_storage.url(name)})


def sums(request):
    names = sorted(default_storage.listdir("photos")[1])[: int(request.GET["count"])]
    contents = {name: default_storage.open(f"photos/{name}").read() for name in names}
    return JsonResponse({name: hashlib.sha256(content).hexdigest() for name, content in contents.items()})


urls.urlpatterns += [path("upload", upload), path("sums", sums)]
"""


def uploads() -> dict[str, str]:
    """The files of the sample that store what is posted to `/upload`."""
    urls = (ROOT / "runtime/sample/sample/urls.py").read_text()
    return {"sample/uploads.py": UPLOAD_VIEW, "sample/urls.py": f"{urls}\nfrom sample import uploads  # noqa\n"}


def release(folder: Path, changes: Mapping[str, str]) -> Path:
    """`changes` holds the whole text of files, by their path in the release."""
    shutil.copytree(ROOT / "runtime/sample", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path, text in changes.items():
        (folder / path).write_text(text)
    return folder


def sample_with_cache_libraries(folder: Path) -> Path:
    """A token is sent through the cache by `/echo`; where the application is loaded, the cache is used on purpose."""
    sample = ROOT / "runtime/sample"
    read = lambda path: (sample / path).read_text()  # noqa: E731
    return release(
        folder,
        {
            "requirements.txt": read("requirements.txt") + CACHE_LIBRARIES,
            "sample/settings.py": read("sample/settings.py") + CACHE_SETTINGS,
            "sample/wsgi.py": read("sample/wsgi.py") + "import sample.echo\n",
            "sample/echo.py": CACHE_VIEW,
        },
    )
