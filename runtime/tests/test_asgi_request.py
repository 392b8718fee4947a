"""One request of an ASGI application, in a loop of the tests' own."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from guard_numbers import Connection, fake_worker, set_age, set_numbers, stamp

import plumbline_guard_admission
from plumbline_guard_asgi import AsgiGuard, AsgiRequest, listen_with_backlog

LIMIT = 0.3
QUEUE = 0.4


class Transport:
    def __init__(self, connection):
        self.connection = connection
        self.closed = 0

    def get_extra_info(self, name):
        return {"socket": self.connection}[name]

    def close(self):
        self.closed += 1


class Receiver:
    """As gunicorn's BodyReceiver."""

    def __init__(self, connection):
        self.protocol = SimpleNamespace(transport=Transport(connection))

    async def receive(self):
        return {"type": "http.request"}


class Site:
    def __init__(self, app):
        self.guard = AsgiGuard(fake_worker(app))
        self.connection = Connection()

    async def get(self, path="/", since=0.0, health=False, **scope):
        """What the client is sent, and whether its connection was closed."""
        receiver = Receiver(self.connection.server)
        sent = []

        async def send(message):
            sent.append(message)

        headers = [(b"host", b"site"), (b"z", b"t=0"), (b"x-request-start", stamp(since).encode())]
        if health:
            headers.append((b"x-plumbline-health", b"1"))
        target = {"type": "http", "method": "GET", "path": path, "raw_path": b"/raw%0a"}
        await self.guard({**target, "headers": headers, **scope}, receiver.receive, send)
        return SimpleNamespace(sent=sent, closed=receiver.protocol.transport.closed)

    @property
    def log(self):
        return self.guard.worker.log.lines


@pytest.fixture
def site(monkeypatch):
    set_numbers(monkeypatch, request_timeout=LIMIT, queue_timeout=QUEUE)
    sites = []

    def serve(app):
        sites.append(Site(app))
        return sites[-1]

    yield serve
    for one in sites:
        one.connection.close()


START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"a"}
OVERDUE = ["request guard: GET /raw%0a ran longer than requestTimeout (0.3 s), the worker is replaced (pid:7)"]


def napping(seconds):
    async def app(scope, receive, send):
        await asyncio.sleep(seconds)
        await send(START)
        await send(BODY)

    return app


def status(answer):
    return answer.sent[0]["status"]


def shed(answer):
    return dict(answer.sent[0]["headers"]).get(b"x-shed")


def test_a_response_passes_as_it_is(site):
    answer = asyncio.run(site(napping(0)).get())
    assert (answer.sent, answer.closed) == ([START, BODY], 0)


def test_a_head_goes_out_with_the_first_piece_of_the_body(site):
    sent, seen = [], []

    async def note(message):
        sent.append(message)

    async def app(scope, receive, send):
        await send(START)
        seen.append(list(sent))
        await send(BODY)

    served = site(app)
    request = AsgiRequest(served.guard, {"headers": []}, None, note)
    asyncio.run(request.run())
    assert (seen, sent) == ([[]], [START, BODY])


def test_a_response_without_a_body_has_a_head(site):
    async def app(scope, receive, send):
        await send(START)

    assert asyncio.run(site(app).get()).sent == [START]


def test_only_a_head_is_held_back(site):
    trailers = {"type": "http.response.trailers", "headers": []}

    async def app(scope, receive, send):
        await send(START)
        await send(trailers)

    assert asyncio.run(site(app).get()).sent == [START, trailers]


def test_a_second_head_is_gunicorns_to_refuse(site):
    async def app(scope, receive, send):
        await send(START)
        await send(BODY)
        await send(START)

    assert asyncio.run(site(app).get()).sent == [START, BODY, START]


def test_an_application_that_sends_nothing_is_gunicorns_to_answer(site):
    async def app(scope, receive, send):
        pass

    assert asyncio.run(site(app).get()).sent == []


def test_a_request_over_its_limit_becomes_a_504_and_the_application_is_cancelled(site):
    cancelled = []

    async def app(scope, receive, send):
        await send(START)  # not sent yet
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            cancelled.append(1)
            raise

    served = site(app)
    began = time.monotonic()
    answer = asyncio.run(served.get())
    assert LIMIT <= time.monotonic() - began < LIMIT + 3
    text = b"the request ran longer than requestTimeout (0.3 s)\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    assert answer.sent == [
        {"type": "http.response.start", "status": 504, "headers": headers},
        {"type": "http.response.body", "body": text},
    ]
    assert (cancelled, served.log, answer.closed) == ([1], OVERDUE, 0)


def test_a_response_that_has_begun_is_cut(site):
    async def app(scope, receive, send):
        await send(START)
        await send(BODY)
        await asyncio.sleep(5)

    served = site(app)
    answer = asyncio.run(served.get())
    assert (answer.sent, answer.closed, served.log) == ([START, BODY], 1, OVERDUE)


def test_an_application_that_swallows_its_end_sends_no_more(site):
    async def app(scope, receive, send):
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            await send(START)
            await send(BODY)

    served = site(app)
    answer = asyncio.run(served.get())
    assert [message.get("status") for message in answer.sent] == [504, None]
    assert served.log == OVERDUE


def test_code_that_gives_the_loop_no_turn_is_ended_half_a_second_later(site):
    async def app(scope, receive, send):
        while True:
            pass

    served = site(app)
    began = time.monotonic()
    answer = asyncio.run(served.get())
    assert served.guard.alarm.grace == 0.5
    assert LIMIT + 0.4 < time.monotonic() - began < LIMIT + 3
    assert (status(answer), served.log) == (504, OVERDUE)


def test_an_error_in_time_is_answered_and_told_and_gives_the_slot_back(site, capfd):
    async def app(scope, receive, send):
        raise KeyError

    served = site(app)

    async def fail():
        for _ in range(3):
            assert status(await served.get()) == 500

    asyncio.run(fail())
    assert capfd.readouterr().err.count("\nKeyError\n") == 3
    assert served.log == []


def test_nothing_is_watched_any_more_when_a_request_has_ended(site):
    served = site(napping(0))

    async def twice():
        await served.get()
        assert served.guard.alarm.open == {}
        await asyncio.sleep(LIMIT + 0.2)

    asyncio.run(twice())
    assert served.log == []


async def together(*requests):
    return await asyncio.gather(*requests)


def test_as_many_requests_as_there_are_slots_are_worked_on_and_the_next_waits(site):
    served = site(napping(0.2))
    began = time.monotonic()
    answers = asyncio.run(together(served.get(), served.get(), served.get()))
    assert [status(answer) for answer in answers] == [200] * 3
    assert time.monotonic() - began >= 0.4


def test_a_request_that_finds_no_slot_in_queue_timeout_is_refused(site, monkeypatch):
    set_numbers(monkeypatch, request_timeout=5, queue_timeout=QUEUE)
    served = site(napping(1.5))
    began = time.monotonic()

    async def third():
        answer = await served.get()
        return answer, time.monotonic() - began

    *_, (answer, seconds) = asyncio.run(together(served.get(), served.get(), third()))
    assert (status(answer), shed(answer)) == (503, b"late")
    assert QUEUE <= seconds < 1.4
    assert answer.sent[1]["body"] == b"the server is busy\n"


def test_its_wait_before_the_worker_had_it_counts(site, monkeypatch):
    set_numbers(monkeypatch, request_timeout=5, queue_timeout=1)
    served = site(napping(1.5))
    began = time.monotonic()

    async def third():
        answer = await served.get(since=0.9)
        return answer, time.monotonic() - began

    *_, (answer, seconds) = asyncio.run(together(served.get(), served.get(), third()))
    assert (shed(answer), seconds < 0.7) == (b"late", True)


def test_a_wait_in_two_places_is_added(site, monkeypatch):
    """While a queue stands a quarter of a second is too long: 0.2 before the worker and 0.2 in it."""
    set_numbers(monkeypatch, request_timeout=5, queue_timeout=2)
    served = site(napping(0.2))
    set_age(plumbline_guard_admission.fresh_request, 6)
    set_age(plumbline_guard_admission.late_request, 0)

    async def third():
        return await served.get(since=0.2)

    *_, answer = asyncio.run(together(served.get(), served.get(), third()))
    assert shed(answer) == b"late"


@pytest.mark.parametrize("path", ["/", "/a", "/health"])
def test_a_late_request_is_refused_though_there_is_a_slot(site, path):
    answer = asyncio.run(site(napping(0)).get(path, since=QUEUE + 0.1))
    assert (status(answer), shed(answer)) == (503, b"late")


def test_a_client_that_has_gone_is_not_worked_for(site):
    served = site(napping(0))
    served.connection.client.close()
    answer = asyncio.run(served.get())
    assert (status(answer), shed(answer)) == (503, b"gone")


def test_refusals_give_their_slots_back(site):
    served = site(napping(0))

    async def many():
        for _ in range(3):
            await served.get(since=QUEUE + 0.1)
        return await served.get()

    assert asyncio.run(many()).sent == [START, BODY]


def test_a_request_without_a_stamp_has_not_waited(site):
    answer = asyncio.run(site(napping(0)).get(headers=[]))
    assert answer.sent == [START, BODY]


def test_the_health_check_needs_no_slot(site):
    served = site(napping(0.2))
    *_, answer = asyncio.run(together(served.get(), served.get(), served.get(health=True, since=QUEUE + 1)))
    assert [status(answer), answer.sent[1]["body"]] == [200, b"ok\n"]


def test_the_health_check_may_be_the_applications(site, monkeypatch):
    set_numbers(monkeypatch, answer_health=False, request_timeout=LIMIT)
    assert asyncio.run(site(napping(0)).get(health=True)).sent == [START, BODY]


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_what_is_no_request_passes(site, kind):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])
        await asyncio.sleep(LIMIT + 0.1)

    served = site(app)
    asyncio.run(together(*(served.get(type=kind) for _ in range(3))))
    assert (seen, served.log) == ([kind] * 3, [])


def test_a_worker_listens_with_the_planned_backlog_and_serves_then(monkeypatch, tmp_path):
    set_numbers(monkeypatch, serving_file=str(tmp_path / "serving"))
    worker = fake_worker()
    worker.notify = worker.tmp.notify
    worker.alive = True
    calls = []

    async def create_server(*args, **kwargs):
        calls.append((args, kwargs, worker.tmp.beats, (tmp_path / "serving").exists()))
        return "server"

    worker.loop = SimpleNamespace(create_server=create_server)
    listen_with_backlog(worker)
    assert asyncio.run(worker.loop.create_server("factory", sock="socket")) == "server"
    assert calls == [(("factory",), {"sock": "socket", "backlog": 300, "start_serving": True}, 1, False)]
    assert (tmp_path / "serving").exists()
