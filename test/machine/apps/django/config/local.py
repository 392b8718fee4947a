"""Settings of a developer's machine: manage.py names them, a server must not use them."""

raise ImportError("the settings for development run on a server")
