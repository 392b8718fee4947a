from .base import *  # noqa: F403

INSTALLED_APPS += ["only_here"]  # noqa: F405
