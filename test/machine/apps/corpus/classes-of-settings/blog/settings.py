from configurations import Configuration


class Base(Configuration):
    SECRET_KEY = "of the repository"
    ROOT_URLCONF = "blog.urls"
    INSTALLED_APPS = ["django.contrib.staticfiles"]
    STATIC_URL = "static/"
    NAME = "base"


class Development(Base):
    DEBUG = True
    NAME = "development"


class Production(Base):
    NAME = "production"
