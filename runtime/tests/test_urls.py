"""The URLs of the machine's environment, as libraries of projects read them, on real servers."""

import asyncio
import json

import asyncpg
import dj_database_url
import django_site
import environ
import psycopg
import pymysql
import pytest
import redis
import sqlalchemy
from celery import Celery
from database_servers import PASSWORD
from django.db.utils import load_backend

URLS = json.loads((django_site.RUNTIME / "tests" / "urls.json").read_text())
NAMES = {"mysql": "MySQL", "postgresql": "PostgreSQL"}
EMOJI = "\N{GRINNING FACE}"


@pytest.fixture(params=["socket", "tls"])
def form(request):
    return request.param


@pytest.fixture
def url(database, form):
    """The form of the machine, with the places of the server of the test."""
    where = database.environment(form)
    name = NAMES[database.engine]
    if form == "tls":
        kind = URLS[f"{name} elsewhere"]
    else:  # the test's PostgreSQL has a port of its own
        kind = URLS[f"{name} on the instance" if database.engine == "mysql" else f"{name} behind PgBouncer"]
    url = kind["urls"]["DATABASE_URL"]
    places = {variable: value for variable, value in kind["environment"].items() if "//" not in value}
    for variable in ("PLUMBLINE_DATABASE_HOST", "PLUMBLINE_DATABASE_PORT", "PLUMBLINE_DATABASE_CA"):
        if variable in places:
            assert places[variable] in url
            url = url.replace(places[variable], where[variable])
    for variable in kind["secrets"]:
        url = url.replace(f"{{{variable}}}", "app" if variable.endswith("USER") else PASSWORD)
    return url


def through_django(settings):
    """A row with an emoji, of a connection as Django makes it, with Django's own engine."""
    assert settings["ENGINE"] in ("django.db.backends.mysql", "django.db.backends.postgresql")
    defaults = {"OPTIONS": {}, "TIME_ZONE": None, "AUTOCOMMIT": True, "CONN_HEALTH_CHECKS": False, "CONN_MAX_AGE": 0}
    connection = load_backend(settings["ENGINE"]).DatabaseWrapper({**defaults, **settings, "ATOMIC_REQUESTS": False})
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", [EMOJI])
            return cursor.fetchone()[0]
    finally:
        connection.close()


@pytest.mark.parametrize("read", [dj_database_url.parse, environ.Env.db_url_config], ids=["dj-database-url", "environ"])
def test_of_the_database_is_read_by_the_libraries_of_django_projects(url, read):
    pymysql.install_as_MySQLdb()
    assert through_django(read(url.replace("postgresql:", "postgres:"))) == EMOJI


def test_of_the_database_is_read_by_sqlalchemy_which_is_told_the_driver_of_mysql(url):
    made = sqlalchemy.make_url(url.replace("mysql:", "mysql+pymysql:"))
    with sqlalchemy.create_engine(made).connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT :text"), {"text": EMOJI}).scalar() == EMOJI


def test_of_the_database_has_sqlalchemy_check_the_certificate(database):
    """Of MySQL, whose drivers differ in it: another name than the certificate's."""
    if database.engine == "postgresql":
        return
    url = f"mysql+pymysql://app:{PASSWORD}@127.0.0.1:{database.port}/app?ssl_ca={database.ca}"
    with pytest.raises(sqlalchemy.exc.OperationalError, match="certificate verify failed"):
        sqlalchemy.create_engine(url).connect()


def test_of_postgresql_is_read_by_libpq_and_by_asyncpg(database, url):
    if database.engine == "mysql":
        return

    async def select():
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval("SELECT $1::text", EMOJI)
        finally:
            await connection.close()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT %s", [EMOJI]).fetchone() == (EMOJI,)
    assert asyncio.run(select()) == EMOJI


@pytest.mark.parametrize("read", [dj_database_url.parse, environ.Env.db_url_config], ids=["dj-database-url", "environ"])
def test_of_sqlite_is_read_by_the_libraries_of_django_projects(read):
    kind = URLS["SQLite on the instance"]
    settings = read(kind["urls"]["DATABASE_URL"])
    assert settings["ENGINE"] == "django.db.backends.sqlite3"
    assert settings["NAME"] == kind["environment"]["PLUMBLINE_DATABASE_NAME"]


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])
def test_of_sqlite_is_read_by_sqlalchemy_and_by_who_takes_what_stands_behind_the_third_slash(scheme):
    kind = URLS["SQLite on the instance"]
    url = kind["urls"]["DATABASE_URL"]
    assert sqlalchemy.make_url(url.replace("sqlite", scheme, 1)).database == url.removeprefix("sqlite:///")
    assert url.removeprefix("sqlite:///") == kind["environment"]["PLUMBLINE_DATABASE_NAME"]


PLACES = {
    "a cache on the instance": {"path": "/run/plumbline-cache/cache.sock"},
    "a cache elsewhere": {"host": "cache.example.com", "port": 6379, "password": "a/b"},
}


@pytest.mark.parametrize("kind", PLACES)
def test_of_the_cache_are_read_by_redis_and_django_environ(kind):
    urls = {name: url.replace("{PLUMBLINE_CACHE_PASSWORD}", "a%2Fb") for name, url in URLS[kind]["urls"].items()}
    pool = redis.Redis.from_url(urls["REDIS_URL"]).connection_pool
    # the socket's database is the first where none is named
    cache = redis.Redis.from_url(environ.Env.cache_url_config(urls["CACHE_URL"])["LOCATION"]).connection_pool
    assert cache.connection_class is pool.connection_class
    for name, value in PLACES[kind].items():
        assert (pool.connection_kwargs[name], cache.connection_kwargs[name]) == (value, value)


def test_of_a_broker_with_tls_have_celery_check_its_certificate():
    urls = URLS["a cache elsewhere"]["urls"]
    app = Celery(broker=urls["CELERY_BROKER_URL"], backend=urls["CELERY_RESULT_BACKEND"])
    assert app.backend.connparams["ssl_cert_reqs"].name == "CERT_REQUIRED"
    assert app.connection_for_write().ssl["ssl_cert_reqs"].name == "CERT_REQUIRED"
