"""What the environment of the machine makes of a project's databases, caches and queues."""

import ssl
import sys
from types import SimpleNamespace

import pytest

import plumbline_databases

MYSQL = {
    "PLUMBLINE_DATABASE_ENGINE": "mysql",
    "PLUMBLINE_DATABASE_NAME": "app",
    "PLUMBLINE_DATABASE_USER": "app",
    "PLUMBLINE_DATABASE_HOST": "/run/mysqld/mysqld.sock",
    "PLUMBLINE_DATABASE_CONN_MAX_AGE": "600",
}
POSTGRESQL = {**MYSQL, "PLUMBLINE_DATABASE_ENGINE": "postgresql", "PLUMBLINE_DATABASE_HOST": "/var/run/postgresql"}
REMOTE = {
    "PLUMBLINE_DATABASE_HOST": "db.example.com",
    "PLUMBLINE_DATABASE_PORT": "6432",
    "PLUMBLINE_DATABASE_CA": "/etc/ca.pem",
    "PLUMBLINE_DATABASE_PASSWORD": "secret",
}
CACHE = {"PLUMBLINE_CACHE_URL": "unix:///run/plumbline-cache/cache.sock?db=0"}
BROKER = {
    "PLUMBLINE_BROKER_URL": "redis+socket:///run/plumbline-cache/cache.sock?virtual_host=1",
    "PLUMBLINE_TASK_TIMEOUT": "1800",
    "PLUMBLINE_VISIBILITY_TIMEOUT": "1860",
}


def settings(environ, **project):
    return plumbline_databases.settings(SimpleNamespace(**project), environ)


def default(environ, **project):
    return settings(environ, **project)["DATABASES"]["default"]


@pytest.fixture
def no_gunicorn(monkeypatch):
    monkeypatch.delitem(sys.modules, "gunicorn", raising=False)


def test_without_a_database_cache_or_broker_nothing_changes():
    assert settings({}, DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3"}}, CACHES={}) == {}


class TestDatabase:
    def test_mysql_on_the_instance_needs_no_password(self):
        assert default(MYSQL) == {
            "ENGINE": "django.db.backends.mysql",
            "NAME": "app",
            "USER": "app",
            "PASSWORD": "",
            "HOST": "/run/mysqld/mysqld.sock",
            "PORT": "",
            "OPTIONS": {"ssl_disabled": True, "charset": "utf8mb4"},
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            "DISABLE_SERVER_SIDE_CURSORS": False,
        }

    def test_a_password_brings_the_engine_that_follows_its_rotation_and_a_ca_the_check_of_the_server(self):
        mysql, postgresql = default(MYSQL | REMOTE), default(POSTGRESQL | REMOTE)
        assert (mysql["ENGINE"], postgresql["ENGINE"]) == ("plumbline_mysql", "plumbline_postgresql")
        assert (mysql["PASSWORD"], mysql["HOST"], mysql["PORT"]) == ("secret", "db.example.com", "6432")
        tls = {"ssl_ca": "/etc/ca.pem", "ssl_verify_cert": True, "ssl_verify_identity": True}
        assert mysql["OPTIONS"] == {**tls, "charset": "utf8mb4"}
        assert postgresql["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}

    def test_mysqlclient_is_used_where_the_project_has_it(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "MySQLdb", SimpleNamespace(__name__="MySQLdb"))
        assert default(MYSQL)["OPTIONS"] == {"charset": "utf8mb4"}
        tls = {"ssl": {"ca": "/etc/ca.pem"}, "ssl_mode": "VERIFY_IDENTITY"}
        assert default(MYSQL | REMOTE)["OPTIONS"] == {**tls, "charset": "utf8mb4"}

    def test_pymysql_is_new_enough_for_django(self, monkeypatch):
        import pymysql

        monkeypatch.setattr(pymysql, "version_info", (1, 4, 6, "final", 1))
        monkeypatch.delitem(sys.modules, "MySQLdb", raising=False)
        default(MYSQL)
        assert sys.modules["MySQLdb"] is pymysql
        assert pymysql.version_info == (2, 2, 1, "final", 0)

    def test_gunicorn_s_workers_have_a_pool_where_the_plan_says_so(self, monkeypatch, no_gunicorn):
        sizes = {"PLUMBLINE_DATABASE_POOL_SIZE": "8", "PLUMBLINE_DATABASE_POOL_TIMEOUT": "2"}
        pooled = {**POSTGRESQL, "PLUMBLINE_DATABASE_CONN_MAX_AGE": "0", **sizes}
        assert "pool" not in default(pooled)["OPTIONS"]
        monkeypatch.setitem(sys.modules, "gunicorn", SimpleNamespace())
        assert default(pooled)["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 8, "timeout": 2}

    def test_fails_where_django_has_no_pool_that_the_plan_counts_on(self, monkeypatch):
        import django
        from django.core.exceptions import ImproperlyConfigured

        monkeypatch.setitem(sys.modules, "gunicorn", SimpleNamespace())
        monkeypatch.setattr(django, "VERSION", (4, 2, 30, "final", 0))
        with pytest.raises(ImproperlyConfigured) as raised:
            default({**POSTGRESQL, "PLUMBLINE_DATABASE_POOL_SIZE": "8", "PLUMBLINE_DATABASE_POOL_TIMEOUT": "2"})
        assert str(raised.value) == (
            "Django 4.2.30 has no pool of connections, which gevent and asgi share the database with: "
            "use Django 5.1 or later, or the workerClass gthread"
        )

    def test_the_engine_for_rotated_passwords_connects_where_django_has_no_pool(self, monkeypatch):
        from django.db.backends.postgresql import base

        from plumbline_postgresql.base import DatabaseWrapper

        connected = []
        monkeypatch.setattr(base.DatabaseWrapper, "get_new_connection", lambda _, given: connected.append(given))
        monkeypatch.delattr(base.DatabaseWrapper, "pool")
        parameters = {"host": "db.example.com", "user": "app", "password": "secret"}
        DatabaseWrapper({"OPTIONS": {}}).get_new_connection(parameters)
        assert connected == [parameters]

    def test_a_project_without_cursors_on_the_server_stays_without(self):
        own = {"ENGINE": "any", "DISABLE_SERVER_SIDE_CURSORS": True}
        assert default(POSTGRESQL, DATABASES={"default": own})["DISABLE_SERVER_SIDE_CURSORS"] is True

    def test_behind_transaction_pooling_there_are_no_cursors_on_the_server(self):
        assert default({**POSTGRESQL, "PLUMBLINE_DATABASE_TRANSACTION_POOLING": "1"})["DISABLE_SERVER_SIDE_CURSORS"]

    def test_other_databases_of_the_project_stay(self):
        other = {"ENGINE": "django.db.backends.sqlite3", "NAME": "reports"}
        databases = settings(MYSQL, DATABASES={"default": {"ENGINE": "any"}, "reports": other})["DATABASES"]
        assert databases["reports"] == other

    def test_how_the_project_works_with_its_database_stays(self):
        own = {
            "ENGINE": "django.db.backends.mysql",
            "HOST": "localhost",
            "ATOMIC_REQUESTS": True,
            "OPTIONS": {"isolation_level": "repeatable read", "ssl_disabled": False},
        }
        database = default(MYSQL, DATABASES={"default": own})
        assert database["ATOMIC_REQUESTS"] is True
        assert database["HOST"] == "/run/mysqld/mysqld.sock"
        options = {"isolation_level": "repeatable read", "ssl_disabled": True, "charset": "utf8mb4"}
        assert database["OPTIONS"] == options

    def test_options_of_another_engine_go(self):
        own = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"timeout": 20}, "CONN_POOL": "any"}
        database = default(MYSQL, DATABASES={"default": own})
        assert database["OPTIONS"] == {"ssl_disabled": True, "charset": "utf8mb4"}
        assert "CONN_POOL" not in database

    @pytest.mark.parametrize(
        ("environ", "engine"),
        [
            (MYSQL, "django.contrib.gis.db.backends.mysql"),
            (MYSQL, "django_prometheus.db.backends.mysql"),
            (POSTGRESQL, "django.contrib.gis.db.backends.postgis"),
            (POSTGRESQL, "django_prometheus.db.backends.postgresql"),
            (POSTGRESQL, "psqlextra.backend"),
            (POSTGRESQL, "django_tenants.postgresql_backend"),
        ],
    )
    def test_an_engine_of_the_same_family_stays_with_all_that_it_knows(self, environ, engine):
        own = {"ENGINE": engine, "SCHEMA": "any", "OPTIONS": {"application_name": "shop"}}
        database = default(environ, DATABASES={"default": own})
        assert (database["ENGINE"], database["SCHEMA"]) == (engine, "any")
        assert database["OPTIONS"]["application_name"] == "shop"

    @pytest.mark.parametrize(
        "engine",
        [
            "",
            "django.db.backends.sqlite3",
            "django.contrib.gis.db.backends.spatialite",
            "django.db.backends.postgresql_psycopg2",
            "nosuch.engine",
            "another_family",
        ],
    )
    def test_another_engine_gives_way(self, engine, monkeypatch):
        base = SimpleNamespace(DatabaseWrapper=SimpleNamespace(vendor="another"))
        monkeypatch.setitem(sys.modules, "another_family", SimpleNamespace(__path__=[]))
        monkeypatch.setitem(sys.modules, "another_family.base", base)
        database = default(POSTGRESQL, DATABASES={"default": {"ENGINE": engine}})
        assert database["ENGINE"] == "django.db.backends.postgresql"

    def test_an_engine_that_does_not_say_which_it_is_is_asked(self, monkeypatch):
        base = SimpleNamespace(DatabaseWrapper=SimpleNamespace(vendor="mysql"))
        monkeypatch.setitem(sys.modules, "pool_of_connections", SimpleNamespace(__path__=[]))
        monkeypatch.setitem(sys.modules, "pool_of_connections.base", base)
        own = {"ENGINE": "pool_of_connections"}
        assert default(MYSQL, DATABASES={"default": own})["ENGINE"] == "pool_of_connections"

    def test_an_engine_of_the_project_follows_the_rotation_too(self):
        own = {"ENGINE": "django_prometheus.db.backends.mysql"}
        assert default(MYSQL | REMOTE, DATABASES={"default": own})["ENGINE"] == "plumbline_mysql"
        assert plumbline_databases.below.engine == "django_prometheus.db.backends.mysql"

    def test_what_a_url_says_of_the_place_goes(self):
        for environ, place in (
            (POSTGRESQL, {"host": "/elsewhere", "port": 1, "sslrootcert": "/ca.pem"}),
            (MYSQL, {"unix_socket": "/elsewhere", "ssl_ca": "/ca.pem", "charset": "utf8mb4"}),
        ):
            engine = f"django.db.backends.{environ['PLUMBLINE_DATABASE_ENGINE']}"
            own = {"ENGINE": engine, "OPTIONS": place | {"application_name": "shop"}}
            database = default(environ, DATABASES={"default": own})
            ours = default(environ)["OPTIONS"]
            assert database["OPTIONS"] == ours | {"application_name": "shop"}


class TestCache:
    def test_is_django_s_own_backend_with_the_project_s_keys(self):
        own = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "here", "KEY_PREFIX": "site"}
        assert settings(CACHE, CACHES={"default": own, "other": own})["CACHES"] == {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": "unix:///run/plumbline-cache/cache.sock?db=0",
                "KEY_PREFIX": "site",
            },
            "other": own,
        }

    def test_django_redis_stays_with_its_options(self):
        own = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://localhost", "OPTIONS": {"any": 1}}
        cache = settings(CACHE, CACHES={"default": own})["CACHES"]["default"]
        assert cache == {**own, "LOCATION": "unix:///run/plumbline-cache/cache.sock?db=0"}

    def test_a_password_is_in_the_url(self):
        environ = {"PLUMBLINE_CACHE_URL": "rediss://cache.example.com:6379/0", "PLUMBLINE_CACHE_PASSWORD": "a/b:c@d"}
        location = settings(environ)["CACHES"]["default"]["LOCATION"]
        assert location == "rediss://:a%2Fb%3Ac%40d@cache.example.com:6379/0"

    def test_layers_of_channels_speak_to_it_in_a_database_of_their_own(self):
        own = {
            "default": {
                "BACKEND": "channels_redis.core.RedisChannelLayer",
                "CONFIG": {"hosts": [("127.0.0.1", 6379)], "capacity": 500},
            },
            "events": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"},
            "tests": {"BACKEND": "channels.layers.InMemoryChannelLayer"},
        }
        host = "unix:///run/plumbline-cache/cache.sock?db=2"
        assert settings(CACHE, CHANNEL_LAYERS=own)["CHANNEL_LAYERS"] == {
            "default": {**own["default"], "CONFIG": {"hosts": [host], "capacity": 500}},
            "events": {**own["events"], "CONFIG": {"hosts": [host]}},
            "tests": own["tests"],
        }
        environ = {"PLUMBLINE_CACHE_URL": "rediss://cache.example.com:6379/0", "PLUMBLINE_CACHE_PASSWORD": "a/b"}
        layers = settings(environ, CHANNEL_LAYERS=own)["CHANNEL_LAYERS"]
        assert layers["default"]["CONFIG"]["hosts"] == ["rediss://:a%2Fb@cache.example.com:6379/2"]
        assert "CHANNEL_LAYERS" not in settings(CACHE)

    def test_cacheops_uses_it_too(self):
        changed = settings(CACHE, INSTALLED_APPS=["cacheops"])
        assert changed["CACHEOPS_REDIS"] == "unix:///run/plumbline-cache/cache.sock?db=0"


def with_results(environ):
    """As the machine gives it, in `urls.json`."""
    return {**environ, "CELERY_RESULT_BACKEND": plumbline_databases.result_url(environ)}


class TestQueues:
    def test_celery_gives_a_task_again_only_after_it_must_have_ended_and_none_whose_process_was_killed(self):
        changed = settings(BROKER)
        assert {name: value for name, value in changed.items() if name.startswith("CELERY_")} == {
            "CELERY_BROKER_URL": "redis+socket:///run/plumbline-cache/cache.sock?virtual_host=1",
            "CELERY_BROKER_TRANSPORT_OPTIONS": {"visibility_timeout": 1860},
            "CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS": {"visibility_timeout": 1860},
            "CELERY_TASK_TIME_LIMIT": 1800,
            "CELERY_TASK_ACKS_LATE": True,
            "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
        }

    def test_whether_a_task_may_run_twice_is_the_project_s_word(self):
        assert settings(BROKER, CELERY_TASK_ACKS_LATE=False)["CELERY_TASK_ACKS_LATE"] is False
        assert "CELERY_TASK_REJECT_ON_WORKER_LOST" not in settings(BROKER, CELERY_TASK_REJECT_ON_WORKER_LOST=True)

    @pytest.mark.parametrize(
        ("name", "own", "expected"),
        [
            ("CELERY_TASK_TIME_LIMIT", 60, 60),
            ("CELERY_TASK_TIME_LIMIT", None, 1800),
            ("CELERY_BROKER_TRANSPORT_OPTIONS", {"visibility_timeout": 43200}, {"visibility_timeout": 43200}),
            (
                "CELERY_BROKER_TRANSPORT_OPTIONS",
                {"global_keyprefix": "shop:"},
                {"visibility_timeout": 1860, "global_keyprefix": "shop:"},
            ),
            (
                "CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS",
                {"global_keyprefix": "shop:"},
                {"visibility_timeout": 1860, "global_keyprefix": "shop:"},
            ),
        ],
    )
    def test_limits_and_options_of_the_project_stand(self, name, own, expected):
        assert settings(BROKER, **{name: own})[name] == expected

    @pytest.mark.parametrize("name", ["CELERY_RESULT_BACKEND", "RESULT_BACKEND", "SHOP_RESULT_BACKEND"])
    @pytest.mark.parametrize(
        "own",
        [
            *("redis://localhost", "rediss://redis:6379/0", "redis+socket:///run/redis.sock"),
            *("db+sqlite:///results.sqlite", "db+sqlite:////srv/app/releases/1/results.sqlite"),
        ],
    )
    def test_results_that_the_project_keeps_in_redis_or_in_the_release_are_kept_in_the_broker(self, name, own):
        environ = with_results(BROKER)
        assert settings(environ, **{name: own})[name] == BROKER["PLUMBLINE_BROKER_URL"]
        assert environ == with_results(BROKER)

    OTHER_RESULTS = (None, "", "django-db", "db+sqlite:////var/lib/app/results", "rpc://", "cache+memory://")

    @pytest.mark.parametrize("own", OTHER_RESULTS)
    def test_results_that_it_keeps_elsewhere_or_not_at_all_stay_so_whatever_celery_prefers(self, own):
        environ = with_results(BROKER)
        assert "CELERY_RESULT_BACKEND" not in settings(environ, CELERY_RESULT_BACKEND=own)
        assert environ == BROKER

    def test_results_that_the_user_sends_elsewhere_do(self):
        environ = {**BROKER, "CELERY_RESULT_BACKEND": "redis://mine"}
        settings(environ)
        assert environ["CELERY_RESULT_BACKEND"] == "redis://mine"

    def test_celery_checks_the_certificate_of_results(self):
        environ = with_results({**BROKER, "PLUMBLINE_BROKER_URL": "rediss://cache.example.com:6379/1"})
        changed = settings(environ, CELERY_RESULT_BACKEND="redis://localhost")
        assert changed["CELERY_RESULT_BACKEND"] == "rediss://cache.example.com:6379/1?ssl_cert_reqs=required"

    def test_celery_checks_the_certificate_of_the_broker(self):
        changed = settings({**BROKER, "PLUMBLINE_BROKER_URL": "rediss://cache.example.com:6379/1"})
        assert changed["CELERY_BROKER_USE_SSL"] == {"ssl_cert_reqs": ssl.CERT_REQUIRED}

    def test_without_a_worker_on_the_machine_tasks_have_no_limits(self):
        changed = settings({"PLUMBLINE_BROKER_URL": "rediss://cache.example.com:6379/1"})
        assert changed["RQ_QUEUES"] == {"default": {"URL": "rediss://cache.example.com:6379/1"}}
        assert not [name for name in changed if "TIME" in name]

    def test_what_a_queue_of_rq_is_beside_its_place_stands(self):
        own = {"HOST": "localhost", "PORT": 6379, "DB": 3, "PASSWORD": "x", "ASYNC": False, "DEFAULT_RESULT_TTL": 60}
        assert settings(BROKER, RQ_QUEUES={"mail": {**own, "DEFAULT_TIMEOUT": "20m"}})["RQ_QUEUES"]["mail"] == {
            "URL": "unix:///run/plumbline-cache/cache.sock?db=1",
            "DEFAULT_TIMEOUT": "20m",
            "ASYNC": False,
            "DEFAULT_RESULT_TTL": 60,
        }

    @pytest.mark.parametrize("timeout", [1801, "1801", "31m", "1h", "1d", -1])
    def test_fails_where_a_job_of_rq_may_run_longer_than_its_unit_waits(self, timeout):
        from django.core.exceptions import ImproperlyConfigured

        message = (
            f"DEFAULT_TIMEOUT ({timeout}) of RQ_QUEUES['mail'] must be at most taskTimeout (1800 s), else systemd "
            "kills a job that may still run; raise taskTimeout of the BackgroundWorker, or leave it out [N19]"
        )
        with pytest.raises(ImproperlyConfigured) as raised:
            settings(BROKER, RQ_QUEUES={"mail": {"DEFAULT_TIMEOUT": timeout}})
        assert str(raised.value) == message

    def test_every_queue_of_rq_is_on_the_broker(self):
        queue = {"URL": "unix:///run/plumbline-cache/cache.sock?db=1", "DEFAULT_TIMEOUT": 1800}
        assert settings(BROKER, RQ_QUEUES={"mail": {"HOST": "localhost"}})["RQ_QUEUES"] == {
            "mail": queue,
            "default": queue,
        }
