"""What the event of a failing boot says, for ways to fail that are run. Of two nothing that is said is the cause."""

import re
import subprocess
import sys

import pytest
from failing_boots import (
    APT,
    AS_MYSQLDB,
    BOOTS,
    BROKEN_MIGRATION,
    COLLECT,
    COMMAND,
    DATABASE,
    DENIED,
    LOGGING,
    LOGGING_FILE,
    MANIFEST,
    MIGRATE,
    MISSING_STATIC,
    MODEL,
    ORPHANED_MIGRATION,
    PIP,
    REPOSITORY,
    SERVE,
    STATIC_FILE,
    Boot,
    boot,
    clone,
    download,
    mounted,
    refused,
    s3,
    serve_on_a_taken_port,
    untrusted,
)

import plumbline_reason

RELEASE = "/srv/app/releases/0123456789ab-cdef"


@boot("check", "check: ModuleNotFoundError: No module named 'a_package_that_nobo")
def a_package_that_is_not_installed(b):
    return b.site("import a_package_that_nobody_installed\n")


@boot("check", "check: AttributeError: module 'site_app' has no attribute 'app'")
def an_attribute_that_the_module_lacks(b):
    return b.site("application = 1\n")


@boot("check", "check: ModuleNotFoundError: No module named 'nowhere'")
def a_module_that_is_not_there(b):
    return b.site("", "gunicorn --check-config nowhere.wsgi:app")


@boot("check", "check: SyntaxError: invalid syntax (site_app.py:1)")
def a_syntax_error_in_the_application(b):
    return b.site("def app(:\n    pass\n")


@boot("check", "check: SyntaxError: invalid syntax (site_app.py:1)")
def a_syntax_of_a_newer_python(b):
    return b.site("type Number = int\napp = 1\n")


@boot("check", "check: KeyError: 'STRIPE_KEY' (site_app.py:2)")
def an_environment_variable_that_is_missing(b):
    return b.site("import os\nkey = os.environ['STRIPE_KEY']\n")


@boot("check", "check: ImportError: cannot import name 'app' from 'site_app' (ci")
def a_circular_import(b):
    b.write({"models.py": "from site_app import app\n"})
    return b.site("from models import Item\napp = 1\n")


@boot("serve", "serve: FileNotFoundError: No such file or directory: '/proc/logs")
def a_chain_whose_first_error_is_the_cause(b):
    return b.site(LOGGING_FILE, f"{SERVE} site_app:app")


@boot("check", "check: MemoryError (site_app.py:1)")
def an_application_that_needs_too_much_memory(b):
    return b.site("app = bytearray(1 << 62)\n")


@boot("serve", "serve: a process was sent SIGKILL! Perhaps out of memory?")
def a_worker_that_is_killed(b):
    return b.site(
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
        f"timeout -s KILL 4 {SERVE[11:]} site_app:app || true",
    )


@boot("serve", "serve: no licence for this host (site_app.py:1)")
def a_worker_that_cannot_boot(b):
    return b.site("raise RuntimeError('no licence for this host')\n", f"{SERVE} -w 5 site_app:app")


@boot("serve", "serve: Connection in use: ('127.0.0.1', PORT)")
def a_port_that_is_taken(b):
    return serve_on_a_taken_port(b)


@boot("check", "check: ImportError: Entry point ('gunicorn.workers', 'nope') not")
def a_worker_class_that_is_not_there(b):
    return b.site("def app(*_):\n    pass\n", f"{SERVE} -k nope site_app:app")


@boot("django", "django: ModuleNotFoundError: No module named 'rest_framwork'")
def an_app_that_is_not_installed(b):
    return b.django(COLLECT, more="INSTALLED_APPS += ['rest_framwork']")


@boot("django", "django: NameError: name 'BASE_DIR' is not defined (site_/setting")
def a_name_error_in_the_settings(b):
    return b.django(COLLECT, more="BASE = BASE_DIR")


@boot("django", "django: SyntaxError: '{' was never closed (site_/settings.py:8)")
def a_syntax_error_in_the_settings(b):
    return b.django(COLLECT, more="X = {1: 2")


@boot("django", "django: InvalidStorageError: Could not find backend 'whitenoise.")
def no_static_root_storage(b):
    return b.django(COLLECT, more="STORAGES = {'staticfiles': {'BACKEND': 'whitenoise.storage.Nope'}}")


@boot("django", "django: ValueError: The file 'no.png' could not be found with Ma")
def a_static_file_that_is_referenced_and_missing(b):
    return b.django(COLLECT, MISSING_STATIC, more=MANIFEST)


@boot("django", "django: 'out/site.css' cannot be written: /var/lib/app can, whic")
def a_release_that_cannot_be_written(b):
    return b.django(
        mounted("mount -o bind out out; mount -o remount,bind,ro out"), STATIC_FILE, more="STATIC_ROOT = 'out'"
    )


@boot("django", "django: OSError: No space left on device")
def a_disk_that_is_full(b):
    return b.django(
        mounted("mount -t tmpfs -o size=4k none out"), {"shop/static/large.css": "a" * 9000}, more="STATIC_ROOT = 'out'"
    )


@boot("django", "django: FileNotFoundError: No such file or directory: '/proc/log")
def a_logging_file_that_cannot_be_written(b):
    return b.django(COLLECT, more=LOGGING)


@boot("migrate", "migrate: shop.Item.order: (fields.E300) Field defines a relation")
def a_model_that_a_field_names_and_nobody_has(b):
    return b.django(MIGRATE, {"shop/models.py": MODEL})


@boot("migrate", "migrate: ModuleNotFoundError: No module named 'shop.urls' (site_")
def a_module_of_the_urlconf_that_is_not_there(b):
    return b.django(
        MIGRATE,
        {"site_/urls.py": "from django.urls import include, path\nurlpatterns = [path('', include('shop.urls'))]\n"},
    )


@boot("migrate", "migrate: no such table: shop_order")
def a_migration_that_fails(b):
    return b.django(MIGRATE, BROKEN_MIGRATION)


@boot("migrate", "migrate: NodeNotFoundError: Migration shop.0002_more dependencie")
def a_migration_whose_parent_is_missing(b):
    return b.django(MIGRATE, ORPHANED_MIGRATION)


@boot("migrate", "migrate: failed to resolve host 'db.invalid': Name or service no")
def a_host_of_the_database_that_is_no_name(b):
    return b.django(MIGRATE, more=DATABASE.format("postgresql", "db.invalid"))


@boot("migrate", "migrate: 127.0.0.1:1: Connection refused")
def a_database_that_does_not_listen(b):
    return b.django(MIGRATE, more=DATABASE.format("postgresql", "127.0.0.1"))


@boot("migrate", "migrate: Can't connect to MySQL server on '127.0.0.1' (Connectio")
def a_mysql_that_does_not_listen(b):
    return b.django(MIGRATE, more=AS_MYSQLDB + DATABASE.format("mysql", "127.0.0.1"))


@boot("migrate", "migrate: ModuleNotFoundError: No module named 'django.db.backend")
def an_engine_that_is_none(b):
    return b.django(MIGRATE, more="DATABASES = {'default': {'ENGINE': 'django.db.backends.postgres'}}")


@boot("migrate", "migrate: ModuleNotFoundError: No module named 'oracledb'")
def a_driver_that_is_missing(b):
    return b.django(MIGRATE, more="DATABASES = {'default': {'ENGINE': 'django.db.backends.oracle'}}")


@boot("migrate", "migrate: shop.Item.order: (fields.E300) Field defines a relation")
def settings_that_print_at_the_end(b):
    return b.django(
        MIGRATE,
        {"shop/models.py": MODEL},
        more="import atexit\natexit.register(print, 'settings for production are loaded')",
    )


@boot("warm-up", "warm-up: Unknown command: 'no_such_command'")
def a_command_of_manage_that_is_none(b):
    return b.django("django-admin no_such_command")


@boot("warm-up", "warm-up: CommandError: the catalogue is empty")
def a_command_that_raises(b):
    return b.django("django-admin fill", COMMAND)


@boot("warm-up", "warm-up: npx_of_old: command not found")
def a_program_that_is_not_there(b):
    return b.run("echo warming; npx_of_old build")


@boot("warm-up", "warm-up: ended with status 3 and said nothing")
def a_script_that_ends_in_silence(b):
    return b.run("true; exit 3")


@boot("warm-up", "warm-up: cat: fixtures/first.json: No such file or directory")
def a_file_that_is_not_there(b):
    return b.run("cat fixtures/first.json")


@boot("dependencies", "dependencies: there is no version of shop==2.0")
def a_pinned_version_that_is_none(b):
    b.wheel("shop", "1.0")
    return b.uv("shop==2.0\n")


@boot("dependencies", "dependencies: shopp was not found in the provided package locati")
def a_package_that_nobody_has(b):
    return b.uv("shopp\n")


@boot("dependencies", "dependencies: shop depend on cart==2.0 and you require cart==1.0")
def two_requirements_that_exclude_each_other(b):
    b.wheel("shop", "1.0", "cart==2.0")
    for version in ("1.0", "2.0"):
        b.wheel("cart", version)
    return b.uv("shop\ncart==1.0\n")


@boot("dependencies", "dependencies: shop==1.0 has no usable wheels")
def a_package_without_a_wheel(b):
    b.sdist("shop", "1.0", "import setuptools\nsetuptools.setup()\n")
    return b.uv("shop==1.0\n")


@boot("dependencies", "dependencies: shop==1.0 has no wheels with a matching Python imp")
def a_wheel_for_another_python(b):
    b.wheel("shop", "1.0", tag="cp27-cp27m-win32")
    return b.uv("shop==1.0\n")


@boot("dependencies", "dependencies: shop==1.0: ModuleNotFoundError: No module named 's")
def a_package_that_does_not_build(b):
    b.sdist("shop", "1.0", "raise SystemExit('error: pg_config executable not found')\n")
    return b.uv("shop==1.0\n", "--no-index --find-links . --no-build-isolation")


@boot("dependencies", 'dependencies: shop=1.0: no such comparison operator "=", must be')
def a_line_that_is_no_requirement(b):
    return b.uv("shop=1.0\n")


@boot("dependencies", "dependencies: failed to read from file `base.txt`: No such file ")
def a_requirements_file_that_is_missing(b):
    return b.uv("-r base.txt\n")


@boot("dependencies", "dependencies: pypi.invalid: Name or service not known")
def an_index_whose_name_is_unknown(b):
    return b.uv("shop\n", "--index-url https://pypi.invalid/simple")


@boot("dependencies", "dependencies: localhost:PORT: invalid peer certificate: Other(O")
def an_index_with_a_certificate_of_nobody(b):
    return untrusted(b, lambda url: b.uv("shop\n", f"--index-url {url}/simple"))


@boot("dependencies", "dependencies: localhost:PORT: lack of valid authentication")
def a_private_index_without_credentials(b):
    return refused(b, lambda url: b.uv("shop\n", f"--index-url {url}/simple"))


@boot("dependencies", "dependencies: git.invalid: Could not resolve host: git.invalid")
def a_package_from_a_host_of_git_that_is_unknown(b):
    return b.uv(f"shop @ git+https://git.invalid/shop.git@{'a' * 40}\n")


@boot("dependencies", "dependencies: localhost:PORT: could not read Username for 'http")
def a_package_from_a_private_repository(b):
    return refused(b, lambda url: b.uv(f"shop @ git+{url}/shop.git@main\n"))


@boot("dependencies", "dependencies: shop: couldn't find remote ref refs/tags/1.0")
def a_package_from_a_tag_that_is_not_there(b):
    b.run("git init -q --bare shop.git")
    return b.uv(f"shop @ git+file://{b.folder}/shop.git@1.0\n")


@boot("dependencies", "dependencies: git.invalid: Could not resolve hostname git.invali")
def a_package_from_a_host_of_ssh_that_is_unknown(b):
    return b.uv("shop @ git+ssh://git@git.invalid/shop.git@main\n")


@boot("dependencies", "dependencies: shop: does not appear to be a Python project, as n")
def a_package_from_a_repository_of_something_else(b):
    b.run("git init -q shop.git && git -C shop.git -c user.name=a -c user.email=a commit -q --allow-empty -m a")
    return b.uv(f"shop @ git+file://{b.folder}/shop.git\n", "--no-index --find-links .")


@boot("dependencies", "dependencies: localhost:PORT is asked first, and has no shop==2")
def a_version_that_the_first_index_lacks(b):
    page = b'<a href="shop-1.0-py3-none-any.whl">shop-1.0-py3-none-any.whl</a>'
    with b.answering(200, page, content_type="text/html") as url:
        return b.uv("shop==2.0\n", f"--index-url https://pypi.invalid/simple --extra-index-url {url}/simple")


@boot("dependencies", "dependencies: 127.0.0.1:1: Connection refused (os error 111)")
def a_package_at_an_address_where_nobody_listens(b):
    return b.uv("shop @ http://127.0.0.1:1/shop-1.0.tar.gz\n", "--no-index")


@boot("dependencies", "dependencies: LookupError: no version without .git")
def a_build_that_says_why_in_several_paragraphs(b):
    backend = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    fails = "raise LookupError('no version without .git\\n\\nOne more paragraph.\\n\\nAnd one.')\n"
    b.write({"shop/pyproject.toml": backend, "shop/backend.py": fails})
    return b.uv("-e ./shop\n", "--no-index")


@boot("tools", "tools: Name or service not known: /simple/uv/")
def pip_without_a_network(b):
    return b.run(PIP)


@boot("check", 'check: [emerg] unknown directive "proxy_red_timeout" (nginx.conf')
def a_directive_that_is_unknown(b):
    return b.nginx("proxy_red_timeout 5s;")


@boot("check", 'check: [emerg] "client_max_body_size" directive invalid value (n')
def a_value_that_a_directive_refuses(b):
    return b.nginx("client_max_body_size many;")


@boot("check", 'check: [emerg] host not found in upstream "backend.invalid" (ngi')
def a_host_that_nginx_cannot_find(b):
    return b.nginx("server { location / { proxy_pass http://backend.invalid; } }")


@boot("packages", "packages: Unable to locate package libnothing-of-that-name")
def a_package_of_the_system_that_is_none(b):
    return b.run("apt-get -qq install libnothing-of-that-name")


@boot("packages", "packages: Could not resolve 'archive.invalid' (InRelease)")
def an_archive_whose_name_is_unknown(b):
    return b.run(APT)


@boot("clone", "clone: couldn't find remote ref no-such-branch")
def a_branch_that_is_not_there(b):
    b.run(REPOSITORY)
    return clone(b, "./origin", "no-such-branch")


@boot("clone", "clone: '/nowhere/app.git' does not appear to be a git repository")
def a_repository_that_is_not_there(b):
    return clone(b, "/nowhere/app.git")


@boot("clone", "clone: Could not resolve host: git.invalid")
def a_repository_on_a_host_that_is_unknown(b):
    return clone(b, "https://git.invalid/app.git")


@boot("clone", "clone: could not read Username for 'http://localhost:PORT': ter")
def a_repository_that_is_private(b):
    return refused(b, lambda url: clone(b, f"{url}/app.git"))


@boot("clone", "clone: server certificate verification failed. CAfile: /etc/ssl/")
def a_repository_with_a_certificate_of_nobody(b):
    return untrusted(b, lambda url: clone(b, f"{url}/app.git"))


@boot("python", "python: localhost:PORT: SSL certificate problem: self-signed ce")
def a_download_that_somebody_reads_on_the_way(b):
    return untrusted(b, lambda url: download(b, url))


@boot("python", "python: localhost:PORT: The requested URL returned error: 401")
def a_download_that_is_refused(b):
    return refused(b, lambda url: download(b, url))


@boot("python", "python: Could not resolve host: releases.invalid")
def a_download_from_a_host_that_is_unknown(b):
    return download(b, "https://releases.invalid")


@boot("fetch", 'fetch: AccessDenied s3:GetObject on "arn:aws:s3:::assets/app.zip')
def a_bucket_that_the_role_may_not_read(b):
    return s3(b, 403, f"<Code>AccessDenied</Code><Message>{DENIED}</Message>")


@boot("fetch", "fetch: NoSuchKey The specified key does not exist.")
def an_object_that_is_not_there(b):
    return s3(b, 404, "<Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>")


@boot("workers", "workers: The module nowhere was not found.")
def a_celery_app_that_is_not_there(b):
    return b.run("celery -A nowhere worker")


@boot("workers", "workers: Error 111 connecting to 127.0.0.1:1. Connection refused")
def a_redis_that_does_not_listen(b):
    return b.run("rq worker --url redis://127.0.0.1:1")


@boot("cache", "cache: Bad directive or wrong number of arguments: 'no-such-sett")
def a_cache_that_does_not_know_its_setting(b):
    return b.run("printf 'port 0\\nno-such-setting yes\\n' >cache.conf; redis-server cache.conf")


@boot("workers", "workers: nothing to do")
def a_background_worker_that_just_ends(b):
    return b.run("python -c 'print(\"nothing to do\")'; false")


@pytest.mark.parametrize("what", BOOTS)
def test_the_event_names_the_cause_of(what, tmp_path):
    fail, step, event = BOOTS[what]
    output, status = fail(Boot(tmp_path))
    file = tmp_path / "output"
    file.write_text(output.replace(str(tmp_path), RELEASE))
    if step == "serve":  # the journal drops empty lines
        file.write_text("\n".join(line for line in file.read_text().splitlines() if line))
    program = [sys.executable, "-I", plumbline_reason.__file__, str(status), file]
    reason = subprocess.check_output(program, text=True).removesuffix("\n")
    shown = f"{step}: {reason}"[:64]
    assert re.sub(r"(localhost:|127\.0\.0\.1', )\d+", r"\1PORT", shown) == event


def test_at_least_forty_ways_are_tried():
    assert len(BOOTS) >= 40
