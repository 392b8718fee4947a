"""What runs after an answer is out, such as background tasks of ASGI and Django's `request_finished`, has as long as a
request may take, and ends before its worker does."""

import signal

LIMIT = 5
PLANNED = f"asgi_disconnect_grace_period = {LIMIT}"  # test/render/gunicorn.test.ts


def answered(server, seconds):
    answer = server.get(f"/closing?{seconds}")
    assert (answer.status, answer.body) == (200, b"sent")
    assert answer.seconds < LIMIT / 2
    server.wait_for(lambda: server.record()[-3:] == ["begins", "to", "close"], "the work")


def test_it_ends_in_its_time(own_server, worker_class):
    server = own_server(worker_class, limit=LIMIT, more=PLANNED)
    answered(server, LIMIT - 1)
    server.wait_for(lambda: server.record()[-1] == "closed", "its end", LIMIT)
    assert "ran longer" not in server.log()


def test_what_takes_longer_is_ended_and_told(own_server, worker_class):
    server = own_server(worker_class, limit=LIMIT, more=PLANNED)
    answered(server, LIMIT + 10)
    server.wait_for(lambda: "GET /closing ran longer than requestTimeout (5 s)" in server.log(), "the line", LIMIT + 3)
    assert server.record()[-1] != "closed"


def test_a_stop_waits_for_it(own_server, worker_class):
    server = own_server(worker_class, limit=LIMIT, more=PLANNED)
    answered(server, 2)
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(LIMIT + 4)
    assert server.record()[-1] == "closed"
