"""The files that users upload, in Django's settings: a folder on the volume for data, or a bucket. And which fields of
a project's models keep files where nothing can be written."""

import os
from contextlib import suppress
from pathlib import Path, PurePath
from urllib.parse import urlsplit

FILE_SYSTEM = {
    "django.core.files.storage.FileSystemStorage",
    "django.core.files.storage.filesystem.FileSystemStorage",
}
BUCKET = "plumbline_bucket.BucketStorage"
# What nginx, which is of the group, needs of a file and of a folder.
OF_FILES, OF_FOLDERS = 0o040, 0o050
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
    changed = {**moved(project, root), "MEDIA_ROOT": root, "MEDIA_URL": address(getattr(project, "MEDIA_URL", None))}
    files = getattr(project, "FILE_UPLOAD_PERMISSIONS", READABLE)
    changed["FILE_UPLOAD_PERMISSIONS"] = READABLE if files is None else files | OF_FILES
    folders = getattr(project, "FILE_UPLOAD_DIRECTORY_PERMISSIONS", None)
    if folders is not None:
        changed["FILE_UPLOAD_DIRECTORY_PERMISSIONS"] = folders | OF_FOLDERS
    storages = changed.get("STORAGES", getattr(project, "STORAGES", None)) or {}
    default = storages.get("default") or {}
    if default.get("BACKEND") in FILE_SYSTEM and default.get("OPTIONS"):
        options = served(default["OPTIONS"])
        changed["STORAGES"] = {**storages, "default": {**default, "OPTIONS": options}}
    return changed


def moved(project, root):
    """Settings that were put together from MEDIA_ROOT before it changed, folders of thumbnails say, by name."""
    old = str(getattr(project, "MEDIA_ROOT", None) or "").rstrip("/")
    # Beside them lies what is no upload, where that is the folder of the project or one above it.
    if not old.startswith("/") or Path.cwd().is_relative_to(old):
        return {}

    def place(value):
        if isinstance(value, dict):
            return {name: place(one) for name, one in value.items()}
        if not isinstance(value, str | PurePath) or not f"{value}/".startswith(f"{old}/") or os.path.isfile(value):
            return value
        return type(value)(f"{root}{str(value)[len(old) :]}")

    names = [name for name in dir(project) if name.isupper() and "URL" not in name and name != "STATIC_ROOT"]
    values = {name: getattr(project, name) for name in names}
    # of tables, those that say where files are stored
    texts = {name: value for name, value in values.items() if "STORAGE" in name or not isinstance(value, dict)}
    return {name: place(value) for name, value in texts.items() if place(value) != value}


def served(options):
    """Those of the default storage: where the files are, and their address, is what nginx serves."""
    kept = {name: value for name, value in options.items() if name not in ("location", "base_url")}
    for name, needed in (("file_permissions_mode", OF_FILES), ("directory_permissions_mode", OF_FOLDERS)):
        if kept.get(name) is not None:
            kept[name] |= needed
    return kept


def address(own):
    """As the project has it; Django puts the path of the script before one that has no slash, which is `/` here."""
    if own in (None, "", "/", "./"):
        return "/media/"
    return own if own.startswith(("/", "http://", "https://")) else f"/{own}"


def in_bucket(project):
    """Where the project stores files in the file system; another storage of its own stands."""
    storages = getattr(project, "STORAGES", None)
    old = getattr(project, "DEFAULT_FILE_STORAGE", None)
    says_old = storages is None and (old or hasattr(project, "STATICFILES_STORAGE"))
    # 4.2 to 5.0 know both ways, and take one of them
    if django_version() < (4, 2) or (says_old and django_version() < (5, 1)):
        return {"DEFAULT_FILE_STORAGE": BUCKET} if old is None or old in FILE_SYSTEM else {}
    storages = storages or static_files_alone()
    if (storages.get("default") or {}).get("BACKEND") not in {None, *FILE_SYSTEM}:
        return {}
    return {"STORAGES": {**storages, "default": {"BACKEND": BUCKET}}}


def django_version():
    import django

    return django.VERSION


def static_files_alone():
    from django.conf import global_settings

    return {name: storage for name, storage in global_settings.STORAGES.items() if name != "default"}


def say(settings, environ):
    """For the steps of a deployment, after Django has been set up."""
    # of a CDN, what it asks this machine for
    path = urlsplit(settings.MEDIA_URL).path
    if "PLUMBLINE_MEDIA_ROOT" in environ and path not in ("", "/"):
        print(f"MEDIA_URL={path}")
    for place, fields in sorted(lost().items()):
        print(
            f"== {', '.join(fields)}: files would be stored in {place}, where nothing can be written: {advice(environ)}"
        )


def advice(environ):
    if "PLUMBLINE_MEDIA_ROOT" in environ:
        below = f"give their storage a folder below MEDIA_ROOT, {environ['PLUMBLINE_MEDIA_ROOT']}"
        return f"{below}, or name its folder of the project in linkedDirs of Media.onInstance()"
    if "PLUMBLINE_MEDIA_BUCKET" in environ:
        return "let them have the default storage, which is the bucket"
    return "give the service media, Media.onInstance() or Media.bucket(), or the field another storage"


WRITABLE = ("/srv/data/media", "/srv/data/linked", "/var/lib/app", "/var/tmp", "/tmp", "/dev/shm")


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
