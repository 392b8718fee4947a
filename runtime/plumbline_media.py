"""The files that users upload, in Django's settings: a folder on the volume for data, or a bucket. And which fields of
a project's models keep files where nothing can be written."""

import os
from contextlib import suppress

FILE_SYSTEM = {
    "django.core.files.storage.FileSystemStorage",
    "django.core.files.storage.filesystem.FileSystemStorage",
}
BUCKET = "plumbline_bucket.BucketStorage"
# Above FILE_UPLOAD_MAX_MEMORY_SIZE an upload is the temporary file that it came in, which none but its user reads.
READABLE = 0o644


def settings(project, environ):
    """The settings to change, by name; `project` is the module or object that holds the project's own."""
    if "PLUMBLINE_MEDIA_ROOT" in environ:
        return in_folder(project, environ["PLUMBLINE_MEDIA_ROOT"])
    if "PLUMBLINE_MEDIA_BUCKET" in environ:
        return in_bucket(project)
    return {}


def in_folder(project, root):
    changed = {"MEDIA_ROOT": root, "MEDIA_URL": address(getattr(project, "MEDIA_URL", ""))}
    if getattr(project, "FILE_UPLOAD_PERMISSIONS", READABLE) is None:
        changed["FILE_UPLOAD_PERMISSIONS"] = READABLE
    storages = getattr(project, "STORAGES", {})
    default = storages.get("default", {})
    if default.get("BACKEND") in FILE_SYSTEM and "location" in default.get("OPTIONS", {}):
        options = {name: value for name, value in default["OPTIONS"].items() if name != "location"}
        changed["STORAGES"] = {**storages, "default": {**default, "OPTIONS": options}}
    return changed


def address(own):
    """As the project has it; Django puts the path of the script before one that has no slash, which is `/` here."""
    if own in ("", "/", "./"):
        return "/media/"
    return own if own.startswith(("/", "http://", "https://")) else f"/{own}"


def in_bucket(project):
    """Where the project stores files in the file system; another storage of its own stands."""
    storages = getattr(project, "STORAGES", None)
    old = getattr(project, "DEFAULT_FILE_STORAGE", None)
    if storages is None and (old or hasattr(project, "STATICFILES_STORAGE")) and knows_old_names():
        # Django does not take both
        return {"DEFAULT_FILE_STORAGE": BUCKET} if old is None or old in FILE_SYSTEM else {}
    storages = storages or static_files_alone()
    if storages.get("default", {}).get("BACKEND") not in {None, *FILE_SYSTEM}:
        return {}
    return {"STORAGES": {**storages, "default": {"BACKEND": BUCKET}}}


def knows_old_names():
    import django

    return django.VERSION < (5, 1)


def static_files_alone():
    from django.conf import global_settings

    return {name: storage for name, storage in global_settings.STORAGES.items() if name != "default"}


def say(settings, environ):
    """For the steps of a deployment, after Django has been set up."""
    if "PLUMBLINE_MEDIA_ROOT" in environ and settings.MEDIA_URL.startswith("/"):
        print(f"MEDIA_URL={settings.MEDIA_URL}")
    for place, fields in sorted(lost().items()):
        print(
            f"== {', '.join(fields)}: files would be stored in {place}, where nothing can be written: give the service "
            "media, Media.onInstance() or Media.bucket(), or the field another storage"
        )


WRITABLE = ("/srv/data/media", "/var/lib/app", "/var/tmp", "/tmp", "/dev/shm")


def lost():
    """Fields whose files have a folder that the service cannot write to, by the folder."""
    from django.apps import apps
    from django.core.files.storage import FileSystemStorage
    from django.db.models import FileField

    found = {}
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if not isinstance(field, FileField):
                continue
            with suppress(Exception):  # of a storage: it is told to whoever uses it
                if isinstance(field.storage, FileSystemStorage) and not is_writable(field.storage.location):
                    found.setdefault(field.storage.location, []).append(f"{model._meta.label}.{field.name}")
    return found


def is_writable(place):
    return any(f"{os.path.realpath(place)}/".startswith(f"{folder}/") for folder in WRITABLE)
