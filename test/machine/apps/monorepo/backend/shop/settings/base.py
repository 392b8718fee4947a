SECRET_KEY = "of the repository"
DEBUG = True
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.staticfiles", "shop"]
MIDDLEWARE = []
ROOT_URLCONF = "shop.urls"
STATIC_URL = "/static/"
