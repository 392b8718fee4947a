"""Django settings that put a project behind nginx and a load balancer, without a change in the project.

The service runs with DJANGO_SETTINGS_MODULE=plumbline_django and PLUMBLINE_SETTINGS_MODULE=<the project's own module>:
everything of the project's own settings stands, and `overlay` adds what follows from the machine.
plumbline_settings_module.py finds the name, plumbline_settings_hook.py has it stay so whatever the project assigns.

The bootstrap also runs this file as a program: `collectstatic` collects the static files and has them served, `static`
only has them served.
"""

import importlib
import json
import os
import sys
from pathlib import Path

import plumbline_databases
import plumbline_failures
import plumbline_media
import plumbline_statements

served_folder = ".static"  # what nginx serves at /static/, in the release's folder


def overlay(project, environ):
    """The settings to change, by name; `project` is the module or object that holds the project's own."""
    changed = {}
    hosts = list(getattr(project, "ALLOWED_HOSTS", []))
    added = [host for host in environ.get("PLUMBLINE_ALLOWED_HOSTS", "").split(",") if host and host not in hosts]
    changed["ALLOWED_HOSTS"] = hosts + added
    # `startproject` writes True, which shows settings and code to whoever causes an error
    changed["DEBUG"] = False
    if "SECRET_KEY" in environ:
        # the generated one, kept in Secrets Manager: projects often carry a key in their repository
        changed["SECRET_KEY"] = environ["SECRET_KEY"]
    if not getattr(project, "SECURE_PROXY_SSL_HEADER", None):
        # nginx sets the header on every request, so no client can
        changed["SECURE_PROXY_SSL_HEADER"] = ("HTTP_X_FORWARDED_PROTO", "https")
    if not getattr(project, "STATIC_ROOT", None):
        changed["STATIC_ROOT"] = str(release(environ) / served_folder)
    if "PLUMBLINE_HEALTH_PATH" in environ:
        # first, so that it answers before SecurityMiddleware redirects to HTTPS
        changed["MIDDLEWARE"] = ["plumbline_django.health", *getattr(project, "MIDDLEWARE", [])]
    if hasattr(project, "RQ_QUEUES"):
        # whatever LOGGING says, a job that fails does so in the journal
        handlers = getattr(project, "RQ_EXCEPTION_HANDLERS", [])
        changed["RQ_EXCEPTION_HANDLERS"] = ["plumbline_failures.job_failed", *handlers]
    return changed | plumbline_databases.settings(project, environ) | plumbline_media.settings(project, environ)


def release(environ):
    """The folder of the release: the project may be in a folder of it."""
    return Path(str(Path.cwd()).removesuffix("/" + environ.get("PLUMBLINE_WORKING_DIRECTORY", "")))


def settings_of(module):
    return {name: getattr(module, name) for name in dir(module) if name.isupper()}


def health(get_response):
    """Middleware that answers the health check: settings and middleware have loaded when it runs, and it loads the
    URLconf. What the machine does not own (a database, an API) is not asked: its failure would take every machine
    out of service at once."""
    from asgiref.sync import iscoroutinefunction

    def answer(request):
        return answer_health() if is_health_check(request) else get_response(request)

    async def answer_async(request):
        return answer_health() if is_health_check(request) else await get_response(request)

    return answer_async if iscoroutinefunction(get_response) else answer


health.sync_capable = health.async_capable = True  # so that Django adapts nothing, neither under WSGI nor ASGI


def is_health_check(request):
    """By what nginx says, and no client can: a view of the project's own may have the same path."""
    return request.META.get("HTTP_X_PLUMBLINE_HEALTH") == "1"


def answer_health():
    from django.http import HttpResponse
    from django.urls import get_resolver

    try:
        _ = get_resolver().url_patterns
    except Exception as error:
        plumbline_failures.write("health check: the URLconf does not load", plumbline_failures.traceback_of(error))
        return HttpResponse("the URLconf does not load\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


def serve_static(collect):
    """Collects the static files where the project serves any, and has nginx find them in the release. Says what nginx
    and the log have to know of uploaded files."""
    sys.path[:0] = [os.getcwd()]
    import django
    from django.apps import apps
    from django.conf import settings

    django.setup()
    plumbline_media.say(settings, os.environ)
    for sentence in read_only(settings.DATABASES, release(os.environ).resolve()):
        print(sentence)
    if not apps.is_installed("django.contrib.staticfiles"):
        print("django.contrib.staticfiles is not installed: no static files")
        return
    root, folder = Path(settings.STATIC_ROOT).resolve(), release(os.environ).resolve()
    if collect:
        collect_beside(came_with(folder, root))
    served = folder / served_folder
    if root != served:
        served.unlink(missing_ok=True)
        served.symlink_to(root)


def read_only(databases, folder):
    """Of the databases that are files of SQLite, those that the service cannot write to, though this command may: it
    runs in a release that is on its way. Synthesis says so too, where the files of the project show it."""
    for alias, database in databases.items():
        name = str(database.get("NAME") or "")
        if plumbline_databases.family(database.get("ENGINE", "")) != "sqlite" or ":memory:" in name or name == "":
            continue
        file = Path(name.removeprefix("file:").partition("?")[0]).resolve()
        if file.is_relative_to(folder) or not os.access(file.parent, os.W_OK):
            yield (
                f"DATABASES[{alias!r}] is a file of SQLite that the service cannot write to, {file}: "
                + (
                    "give database, for example Database.sqliteOnInstance()"
                    if alias == "default"
                    else "name a file in a folder of Media.onInstance()'s linkedDirs, or in /var/lib/app"
                )
            )


def came_with(folder, root):
    """The files of STATIC_ROOT that came with the release, by their names in it. Noted before anything is collected, so
    that a second deployment of the release does not take what the first one has collected for them."""
    noted = folder / ".came-in-static-root"
    if not noted.exists():
        inside = root.is_relative_to(folder)
        came = [file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()] if inside else []
        noted.write_text(json.dumps(came))
    return set(json.loads(noted.read_text()))


def collect_beside(came):
    """Files that came with the release stay as they are, and in the manifest: projects commit what they build
    elsewhere, and Django's command would overwrite it, and leave out of the manifest what it does not find itself."""
    from django.contrib.staticfiles.storage import staticfiles_storage
    from django.core.management import call_command, get_commands, load_command_class

    named = dict(getattr(staticfiles_storage, "hashed_files", {})) if came else {}
    command = load_command_class(get_commands()["collectstatic"], "collectstatic")
    # what asks whether a file that is there makes way
    makes_way = command.delete_file
    command.delete_file = lambda path, name, source: name not in came and makes_way(path, name, source)
    call_command(command, interactive=False)
    collected = getattr(command.storage, "hashed_files", {})
    if named.keys() - collected.keys():
        command.storage.hashed_files = named | collected
        command.storage.save_manifest()


if __name__ == "__main__":
    serve_static(collect=sys.argv[1:] == ["collectstatic"])
else:
    from django.core.signals import got_request_exception

    _project = importlib.import_module(os.environ["PLUMBLINE_SETTINGS_MODULE"])
    globals().update(settings_of(_project) | overlay(_project, os.environ))
    plumbline_statements.limit(os.environ)
    got_request_exception.connect(plumbline_failures.django_request_failed)
