"""The database, the cache and the broker in Django's settings, from the environment that the machine gives."""

import importlib
import ssl
import sys
from types import SimpleNamespace
from urllib.parse import parse_qs, quote, urlsplit

# what says how the project works, not where its database is
KEPT = ("ATOMIC_REQUESTS", "AUTOCOMMIT", "TIME_ZONE")
# what says where it is, among the options of a driver; so do those of TLS
PLACE = {
    "host", "hostaddr", "port", "unix_socket", "user", "password", "passwd", "passfile", "db", "database", "dbname",
    "service", "read_default_file", "read_default_group", "pool",
}  # fmt: skip

# what our engines stand on: plumbline_mysql and plumbline_postgresql add the rotated password to it
below = SimpleNamespace(engine="")


def settings(project, environ):
    """The settings to change, by name; `project` is the module or object that holds the project's own."""
    changed = {}
    if "PLUMBLINE_DATABASE_ENGINE" in environ:
        databases = getattr(project, "DATABASES", {})
        changed["DATABASES"] = {**databases, "default": database(databases.get("default", {}), environ)}
    if "PLUMBLINE_CACHE_URL" in environ:
        url = with_password(environ["PLUMBLINE_CACHE_URL"], environ)
        caches = getattr(project, "CACHES", {})
        changed["CACHES"] = {**caches, "default": cache(caches.get("default", {}), url)}
        if hasattr(project, "CHANNEL_LAYERS"):
            changed["CHANNEL_LAYERS"] = channel_layers(project.CHANNEL_LAYERS, url)
        if "cacheops" in getattr(project, "INSTALLED_APPS", ()):
            changed["CACHEOPS_REDIS"] = url
    if "PLUMBLINE_BROKER_URL" in environ:
        url = broker_url(environ)
        changed |= celery(project, url, environ) | results(project, environ) | rq(project, url, environ)
    return changed


def database(own, environ):
    engine = environ["PLUMBLINE_DATABASE_ENGINE"]
    if engine == "sqlite":
        return sqlite(own, environ)
    options = mysql(environ) if engine == "mysql" else postgresql(environ)
    if "PLUMBLINE_DATABASE_CONNECT_TIMEOUT" in environ:
        options["connect_timeout"] = int(environ["PLUMBLINE_DATABASE_CONNECT_TIMEOUT"])
    kept = {name: own[name] for name in KEPT if name in own}
    below.engine = f"django.db.backends.{engine}"
    if family(own.get("ENGINE", "")) == engine:
        kept = own
        options = options_of(own) | options
        if not own["ENGINE"].startswith("django.db.backends."):
            below.engine = own["ENGINE"]
    if engine == "mysql":
        options.setdefault("charset", "utf8mb4")  # Django says utf8 up to 5.1, which has no emoji
    return {
        **kept,
        # a password can be rotated: our engines fetch it anew, and ours checks what a pool gives
        "ENGINE": f"plumbline_{engine}" if password(environ) or "pool" in options else below.engine,
        "NAME": environ["PLUMBLINE_DATABASE_NAME"],
        "USER": environ["PLUMBLINE_DATABASE_USER"],
        "PASSWORD": password(environ),
        "HOST": environ["PLUMBLINE_DATABASE_HOST"],
        "PORT": environ.get("PLUMBLINE_DATABASE_PORT", ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": int(environ.get("PLUMBLINE_DATABASE_CONN_MAX_AGE", "0")),
        "CONN_HEALTH_CHECKS": "pool" not in options,
        # a cursor on the server lives in one session, and each transaction may get another
        "DISABLE_SERVER_SIDE_CURSORS": own.get("DISABLE_SERVER_SIDE_CURSORS", False)
        or environ.get("PLUMBLINE_DATABASE_TRANSACTION_POOLING") == "1",
    }


WORDS = {
    "postg": "postgresql", "psql": "postgresql", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite",
    "spatialite": "sqlite",
}  # fmt: skip


def options_of(own):
    given = own.get("OPTIONS", {}).items()
    return {name: value for name, value in given if name not in PLACE and not name.startswith("ssl")}


# With NORMAL a power cut takes the last commits, though they were answered (sqlite.org, pragma_synchronous). It is the
# default, unless whoever has built SQLite decided otherwise.
SYNCHRONOUS = "PRAGMA synchronous = FULL"


def sqlite(own, environ):
    """A transaction takes the lock when it begins: one that has read before it writes could not wait for it, since what
    it has read may be out of date (SQLITE_BUSY at once, whatever the timeout). What the project says of it stands."""
    import django

    kept, options = {name: own[name] for name in KEPT if name in own}, {}
    below.engine = "django.db.backends.sqlite3"
    if family(own.get("ENGINE", "")) == "sqlite":
        kept, options, below.engine = own, options_of(own), own["ENGINE"]
    knows = django.VERSION >= (5, 1)
    if knows:
        options = {"transaction_mode": "IMMEDIATE", "init_command": SYNCHRONOUS} | options
    return {
        **kept,
        "ENGINE": below.engine if knows else "plumbline_sqlite",
        "NAME": environ["PLUMBLINE_DATABASE_NAME"],
        "OPTIONS": options | {"timeout": int(environ["PLUMBLINE_DATABASE_LOCK_TIMEOUT"])},
        "CONN_MAX_AGE": int(environ.get("PLUMBLINE_DATABASE_CONN_MAX_AGE", "0")),
        "CONN_HEALTH_CHECKS": True,
    }


def family(engine):
    """Which server an engine speaks to: most say so by their name. Only another one is imported, since some look at the
    settings when they are."""
    name = engine.lower()
    for word, server in WORDS.items():
        if word in name:
            return server
    if not engine or name.startswith("django."):
        return ""
    try:
        return importlib.import_module(f"{engine}.base").DatabaseWrapper.vendor
    except Exception:
        return ""  # it would fail when it is used, too


def password(environ):
    return environ.get("PLUMBLINE_DATABASE_PASSWORD", "")


def mysql(environ):
    ca = environ.get("PLUMBLINE_DATABASE_CA")
    if mysql_driver().__name__ != "pymysql":
        return {"ssl": {"ca": ca}, "ssl_mode": "VERIFY_IDENTITY"} if ca else {}
    if ca:
        return {"ssl_ca": ca, "ssl_verify_cert": True, "ssl_verify_identity": True}
    return {"ssl_disabled": True}  # it would encrypt what goes through a UNIX socket, when the server can


def mysql_driver():
    """Django knows mysqlclient, which has no wheels for Linux: PyMySQL takes its place, unless the project has it."""
    try:
        import MySQLdb
    except ImportError:
        import pymysql

        pymysql.version_info = max(pymysql.version_info, (2, 2, 1, "final", 0))  # Django 5.2 to 6.1 ask for 2.2.1
        pymysql.install_as_MySQLdb()
        return pymysql
    return MySQLdb


def postgresql(environ):
    ca = environ.get("PLUMBLINE_DATABASE_CA")
    options = {"sslmode": "verify-full", "sslrootcert": ca} if ca else {"sslmode": "disable"}
    size = environ.get("PLUMBLINE_DATABASE_POOL_SIZE")
    # Not in background workers and commands: they run one thing at a time, and fork with what they have opened.
    if size and "gunicorn" in sys.modules:
        refuse_without_pools()
        timeout = float(environ["PLUMBLINE_DATABASE_POOL_TIMEOUT"])
        options["pool"] = {"min_size": 1, "max_size": int(size), "timeout": timeout}
    return options


def refuse_without_pools():
    import django
    from django.core.exceptions import ImproperlyConfigured

    if django.VERSION < (5, 1):
        raise ImproperlyConfigured(
            f"Django {django.get_version()} has no pool of connections, which gevent and asgi share the database with: "
            "use Django 5.1 or later, or the workerClass gthread"
        )


def cache(own, url):
    if "redis" in own.get("BACKEND", "").lower():
        return {**own, "LOCATION": url}  # Django's own backend or django-redis, with the project's options
    kept = {name: own[name] for name in ("KEY_PREFIX", "KEY_FUNCTION", "TIMEOUT", "VERSION") if name in own}
    return {**kept, "BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}


# A database of its own: the groups of channels outlive a cache that is cleared.
CHANNELS_DATABASE = 2


def channel_layers(own, url):
    """Those of channels_redis; others stand."""
    place = urlsplit(url)
    if place.scheme == "unix":
        host = f"unix://{place.path}?db={CHANNELS_DATABASE}"
    else:
        host = place._replace(path=f"/{CHANNELS_DATABASE}").geturl()
    return {
        name: {**layer, "CONFIG": {**layer.get("CONFIG", {}), "hosts": [host]}}
        if layer.get("BACKEND", "").startswith("channels_redis.")
        else layer
        for name, layer in own.items()
    }


def with_password(url, environ):
    secret = environ.get("PLUMBLINE_CACHE_PASSWORD")
    return url.replace("://", f"://:{quote(secret, safe='')}@", 1) if secret else url


def broker_url(environ):
    """As Celery writes it."""
    return with_password(environ["PLUMBLINE_BROKER_URL"], environ)


def result_url(environ):
    """As the machine gives it in CELERY_RESULT_BACKEND."""
    url = broker_url(environ)
    return f"{url}?ssl_cert_reqs=required" if url.startswith("rediss:") else url


def is_the_machines(backend):
    """Whether results go to some Redis, by whatever name: it is the machine's, as the broker is. So are those in a file
    of SQLite in the release, which nobody writes to."""
    if not isinstance(backend, str):
        return False
    scheme, _, path = backend.partition(":")
    in_release = not path.startswith("////") or path.startswith("////srv/app/")
    return scheme in REDIS or (scheme in SQLITE and in_release)


REDIS = {"redis", "rediss", "redis+socket", "celery.backends.redis"}
SQLITE = {"db+sqlite", "sqla+sqlite"}


def results(project, environ):
    """Celery prefers the environment's to the project's: where the latter has another, or none, that stands."""
    named = {name: getattr(project, name) for name in dir(project) if name.endswith("RESULT_BACKEND")}
    if any(named.values()) and all(is_the_machines(backend) for backend in named.values() if backend):
        return dict.fromkeys(named, result_url(environ))
    without_results_of_ours(environ)
    return {}


def settle_results(app, environ):
    """Of a Celery application, by what it says itself: `conf.result_backend` prefers the environment. One that keeps no
    results would fill the broker with them, and listen for each."""
    if "PLUMBLINE_BROKER_URL" in environ and not app.conf.first("result_backend", "CELERY_RESULT_BACKEND"):
        without_results_of_ours(environ)


def without_results_of_ours(environ):
    if environ.get("CELERY_RESULT_BACKEND") == result_url(environ):
        del environ["CELERY_RESULT_BACKEND"]


def redis_url(url):
    """As redis-py writes it."""
    parts = urlsplit(url)
    if parts.scheme != "redis+socket":
        return url
    return f"unix://{parts.path}?db={parse_qs(parts.query)['virtual_host'][0]}"


def celery(project, url, environ):
    """For `config_from_object("django.conf:settings", namespace="CELERY")`. A task whose machine dies runs again: it is
    acknowledged when it has ended, and given to another worker after the visibility timeout. One whose process alone is
    killed has failed: it may be what fills the memory, and would do so for ever."""
    changed = {
        "CELERY_BROKER_URL": url,
        # whether a task may run twice, and how many a process takes ahead, only the project knows
        "CELERY_TASK_ACKS_LATE": getattr(project, "CELERY_TASK_ACKS_LATE", True),
        "CELERY_WORKER_PREFETCH_MULTIPLIER": getattr(project, "CELERY_WORKER_PREFETCH_MULTIPLIER", 1),
    }
    if "PLUMBLINE_TASK_TIMEOUT" in environ:  # absent where no worker of this kind runs on the machine
        # the project's own stand: plumbline_celery checks them where they come together
        visibility = {"visibility_timeout": int(environ["PLUMBLINE_VISIBILITY_TIMEOUT"])}
        changed["CELERY_TASK_TIME_LIMIT"] = getattr(project, "CELERY_TASK_TIME_LIMIT", None) or task_timeout(environ)
        for options in ("CELERY_BROKER_TRANSPORT_OPTIONS", "CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS"):
            changed[options] = visibility | getattr(project, options, {})
    if url.startswith("rediss:"):
        changed["CELERY_BROKER_USE_SSL"] = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    return changed


# what says where a queue of django-rq is
RQ_PLACE = {
    "URL", "HOST", "PORT", "DB", "USERNAME", "PASSWORD", "UNIX_SOCKET_PATH", "USE_REDIS_CACHE", "REDIS_CLIENT_KWARGS",
    "SSL", "SSL_CERT_REQS", "SENTINELS", "SENTINEL_KWARGS", "MASTER_NAME", "SOCKET_TIMEOUT", "CONNECTION_KWARGS",
}  # fmt: skip


def rq(project, url, environ):
    own = getattr(project, "RQ_QUEUES", {})
    return {"RQ_QUEUES": {name: rq_queue(name, own.get(name, {}), url, environ) for name in [*own, "default"]}}


def rq_queue(name, own, url, environ):
    queue = {option: value for option, value in own.items() if option not in RQ_PLACE} | {"URL": redis_url(url)}
    if "PLUMBLINE_TASK_TIMEOUT" not in environ:
        return queue
    most = task_timeout(environ)
    given = queue["DEFAULT_TIMEOUT"] = queue.get("DEFAULT_TIMEOUT") or most
    if not 0 < seconds(given) <= most:
        from django.core.exceptions import ImproperlyConfigured

        raise ImproperlyConfigured(
            f"DEFAULT_TIMEOUT ({given}) of RQ_QUEUES[{name!r}] must be at most taskTimeout ({most} s), else systemd "
            "kills a job that may still run; raise taskTimeout of the BackgroundWorker, or leave it out [N19]"
        )
    return queue


def task_timeout(environ):
    return int(environ["PLUMBLINE_TASK_TIMEOUT"])


def seconds(timeout):
    """Of RQ: a number, or one with a unit, as in 1h or 30m; -1 is none."""
    text = str(timeout).lower()
    unit = {"d": 86400, "h": 3600, "m": 60, "s": 1}.get(text[-1])
    return int(text[:-1]) * unit if unit else int(text)
