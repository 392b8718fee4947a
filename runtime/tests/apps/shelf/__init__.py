"""A Django project whose migrations take a moment, and change a table that others read."""
