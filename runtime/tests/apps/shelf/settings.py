INSTALLED_APPS = ["shelf"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
# 3 is REPEATABLE READ, with which a transaction keeps a snapshot for as long as it is open
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"isolation_level": 3}}}
