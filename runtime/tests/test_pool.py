"""Django's pool of connections to PostgreSQL, in the workers whose requests share one."""

import time

import pytest
from tokens import send_tokens


@pytest.fixture(params=["gevent", "asgi"])
def worker_class(request):
    return request.param


@pytest.fixture(params=["tls", "socket"], ids=["in RDS", "in place"])
def transport(request):
    return request.param


@pytest.fixture
def server(sample_server, database, worker_class, transport):
    return sample_server(worker_class, database, transport, env={}, threads=8)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_first_request_after_a_restart_of_the_server_does_not_wait_for_each_broken_connection(server, database):
    assert send_tokens(server, 100).errors == 0  # the pool has grown
    database.end_sessions()
    for _ in range(3):
        began = time.monotonic()
        assert server.get("/rows?token=x").status == 200
        assert time.monotonic() - began < 1
