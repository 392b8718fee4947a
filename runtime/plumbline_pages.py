"""Loads what a framework leaves to the first request, before a worker serves.

A request has a limit, and whatever it imports counts against it: where the import takes longer, the request and its
worker are ended, and the next one begins anew, for ever. Django imports the URLconf, and all views with it, at the
first request. Flask and Starlette know their routes when their module has been imported; what an ASGI application does
when it starts belongs into its lifespan, which gunicorn runs before it listens.
"""

import sys


def load_pages():
    conf, urls = sys.modules.get("django.conf"), sys.modules.get("django.urls")
    # An application may use Django for its models only, and have no URLconf.
    if urls and conf.settings.configured and hasattr(conf.settings, "ROOT_URLCONF"):
        _ = urls.get_resolver().url_patterns
