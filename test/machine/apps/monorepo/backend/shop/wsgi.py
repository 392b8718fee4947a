import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings." + os.environ["STAGE"]
application = get_wsgi_application()
