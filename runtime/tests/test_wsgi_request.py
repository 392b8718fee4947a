"""One request of a WSGI application, with a deadline that comes when the test says so."""

import errno
from types import SimpleNamespace

import pytest
from guard_numbers import Connection, fake_worker, set_age, set_numbers, stamp

import plumbline_guard_wsgi
from plumbline_guard_admission import late_request
from plumbline_guard_limits import Deadline
from plumbline_guard_wsgi import WsgiGuard, accepting, turn_away

TIMED_OUT = b"the request ran longer than requestTimeout (5 s)\n"


class Limit:
    """Interrupts the calls whose numbers are given, when they have been running for `seconds`."""

    def __init__(self, clock):
        self.clock = clock
        self.interrupted = {}
        self.calls = 0
        self.deadlines = []

    def run(self, request, call, *args):
        self.calls += 1
        self.deadlines.append(request.deadline)
        if self.calls in self.interrupted:
            self.clock.now += self.interrupted[self.calls]
            raise Deadline
        return call(*args)


class Wrapper:
    """As gunicorn's FileWrapper."""

    def __init__(self, filelike):
        self.filelike = filelike
        if hasattr(filelike, "close"):
            self.close = filelike.close


class Served:
    """A guard around `app`, called as gunicorn does, without its network."""

    def __init__(self, app):
        self.clock = SimpleNamespace(now=100.0)
        self.limit = Limit(self.clock)
        self.guard = WsgiGuard(fake_worker(app), self.limit)
        self.heads = []
        self.written = []
        self.connection = Connection()

    def start_response(self, status, headers, exc_info=None):
        if exc_info:
            raise RuntimeError("head was sent")
        self.heads.append((status, headers))
        return self.written.append

    def respond(self, **environ):
        defaults = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/a\n",
            "RAW_URI": "/a%0a?b",
            "gunicorn.socket": self.connection.server,
            "wsgi.file_wrapper": Wrapper,
        }
        return self.guard({**defaults, **environ}, self.start_response)

    def read(self, response):
        try:
            for chunk in response:
                self.written.append(chunk)
        finally:
            if hasattr(response, "close"):
                response.close()

    @property
    def overdue(self):
        return self.guard.worker.log.lines


OVERDUE = ["request guard: GET /a%0a ran longer than requestTimeout (5 s), the worker is replaced (pid:7)"]


@pytest.fixture
def serve(monkeypatch):
    set_numbers(monkeypatch)
    served = []

    def begin(app):
        one = Served(app)
        served.append(one)
        monkeypatch.setattr(plumbline_guard_wsgi, "time", SimpleNamespace(monotonic=lambda: one.clock.now))
        return one

    yield begin
    for one in served:
        one.connection.close()


class Closing:
    """A response of two chunks that notes that it has been closed."""

    def __init__(self, start_response=None, chunks=(b"a", b"b")):
        self.start_response = start_response
        self.chunks = chunks
        self.closed = 0

    def __iter__(self):
        if self.start_response:
            self.start_response("200 OK", [])
        yield from self.chunks

    def close(self):
        self.closed += 1


def begin_at_once(response):
    def app(environ, start_response):
        start_response("200 OK", [("A", "b")])
        return response

    return app


@pytest.mark.parametrize("chunks", [[b"a"], (b"a", b"b")])
def test_a_list_is_passed_as_it_is_behind_its_head(serve, chunks):
    served = serve(begin_at_once(chunks))
    assert served.respond() is chunks
    assert served.heads == [("200 OK", [("A", "b")])]
    assert served.guard.worker.tmp.beats == 1
    assert served.overdue == []


def test_a_head_goes_out_with_the_first_chunk(serve):
    response = Closing()
    served = serve(begin_at_once(response))
    answer = served.respond()
    assert served.heads == []
    assert next(iter(answer)) == b"a"
    assert served.heads == [("200 OK", [("A", "b")])]
    served.read(answer)
    assert (len(served.heads), served.written, response.closed) == (1, [b"b"], 1)


def test_a_response_without_a_chunk_has_a_head_too(serve):
    served = serve(begin_at_once(Closing(chunks=())))
    served.read(served.respond())
    assert (len(served.heads), served.written) == (1, [])


def test_a_generator_may_start_its_response_itself(serve):
    def app(environ, start_response):
        return Closing(start_response)

    served = serve(app)
    served.read(served.respond())
    assert (served.heads, served.written) == ([("200 OK", [])], [b"a", b"b"])


def test_the_write_callable_sends_the_head_once(serve):
    def app(environ, start_response):
        write = start_response("200 OK", [])
        write(b"a")
        write(b"b")
        return [b"c"]

    served = serve(app)
    served.read(served.respond())
    assert (served.heads, served.written) == ([("200 OK", [])], [b"a", b"b", b"c"])


def test_a_second_head_before_the_first_chunk_takes_the_place_of_the_first(serve):
    def app(environ, start_response):
        start_response("200 OK", [])
        start_response("500 X", [], ("an", "exception", None))
        return []

    served = serve(app)
    served.read(served.respond())
    assert served.heads == [("500 X", [])]


def test_a_second_head_after_the_first_chunk_is_gunicorns_to_refuse_and_told(serve, capfd):
    def app(environ, start_response):
        start_response("200 OK", [])(b"a")
        start_response("500 X", [], ("an", "exception", None))

    with pytest.raises(BrokenPipeError):
        serve(app).respond()
    assert capfd.readouterr().err.endswith("\nRuntimeError: head was sent\n")


def test_an_application_that_is_interrupted_becomes_a_504(serve):
    served = serve(begin_at_once([b"a"]))
    served.limit.interrupted = {1: 5}
    served.read(served.respond())
    assert served.written == [TIMED_OUT]
    assert served.heads[0][0] == "504 Gateway Timeout"
    assert served.overdue == OVERDUE


def test_a_response_that_is_interrupted_before_its_first_chunk_becomes_a_504(serve):
    response = Closing()
    served = serve(begin_at_once(response))
    served.limit.interrupted = {2: 5}
    served.read(served.respond())
    assert (served.heads[0][0], served.written, response.closed) == ("504 Gateway Timeout", [TIMED_OUT], 1)
    assert served.overdue == OVERDUE


def test_a_response_that_is_interrupted_later_is_cut(serve):
    response = Closing()
    served = serve(begin_at_once(response))
    served.limit.interrupted = {3: 5}
    with pytest.raises(BrokenPipeError) as broken:
        served.read(served.respond())
    assert broken.value.errno == errno.EPIPE
    assert (served.written, response.closed) == ([b"a"], 1)
    assert served.overdue == OVERDUE


def test_the_clock_runs_through_the_whole_request(serve):
    """Nothing of the application begins any more once its time is over, but what it has begun is closed."""
    response = Closing()
    served = serve(begin_at_once(response))
    answer = served.respond()
    served.clock.now += 4.9
    assert next(iter(answer)) == b"a"
    served.clock.now += 0.2
    calls = served.limit.calls
    with pytest.raises(BrokenPipeError):
        next(answer)
    assert served.limit.calls == calls
    assert served.limit.deadlines == [105, 105]
    answer.close()
    assert (response.closed, served.limit.deadlines[-1]) == (1, pytest.approx(106.1))
    assert served.overdue == OVERDUE


def test_an_application_that_swallows_the_deadline_is_reported_and_answers(serve):
    def app(environ, start_response):
        served.clock.now += 5
        start_response("200 OK", [])
        return [b"a"]

    served = serve(app)
    served.read(served.respond())
    assert served.written == [b"a"]
    assert served.overdue == OVERDUE


def test_a_request_that_ends_just_in_time_is_not_reported(serve):
    def app(environ, start_response):
        served.clock.now += 4.9
        start_response("200 OK", [])
        return [b"a"]

    served = serve(app)
    served.read(served.respond())
    assert served.overdue == []


def test_closing_has_the_rest_of_the_time_and_a_second_at_least(serve):
    served = serve(begin_at_once(Closing()))
    served.read(served.respond())
    assert served.limit.deadlines[-1] == 105
    served = serve(begin_at_once(Closing()))
    answer = served.respond()
    served.clock.now += 4.5
    served.read(answer)
    assert served.limit.deadlines[-1] == 105.5


def test_a_response_that_is_interrupted_while_it_closes_has_been_sent(serve):
    response = Closing()
    served = serve(begin_at_once(response))
    served.limit.interrupted = {5: 5}
    served.read(served.respond())
    assert (served.written, response.closed) == ([b"a", b"b"], 0)
    assert served.overdue == OVERDUE


def test_what_goes_wrong_while_a_response_closes_is_told(serve, capfd):
    class Failing(Closing):
        def close(self):
            raise KeyError

    served = serve(begin_at_once(Failing()))
    served.read(served.respond())
    assert capfd.readouterr().err.endswith("\nKeyError\n")


def test_a_list_that_has_to_be_closed_is_closed_inside_the_deadline(serve):
    class ClosingList(list):
        closed = 0

        def close(self):
            self.closed += 1

    response = ClosingList([b"a"])
    served = serve(begin_at_once(response))
    served.read(served.respond())
    assert (served.written, response.closed, served.limit.calls) == ([b"a"], 1, 4)


def test_a_file_is_passed_as_it_is_and_closed_inside_the_deadline(serve):
    file = Closing()
    file.fileno = lambda: 0
    wrapped = Wrapper(file)
    served = serve(begin_at_once(wrapped))
    assert served.respond() is wrapped
    assert len(served.heads) == 1
    wrapped.close()
    assert (file.closed, served.limit.calls) == (1, 2)


def test_what_is_wrapped_and_no_file_is_read_inside_the_deadline(serve):
    class Readable(Wrapper):
        def __iter__(self):
            return iter([b"a"])

    served = serve(begin_at_once(Readable(Closing())))
    served.read(served.respond())
    assert (served.written, served.limit.calls) == ([b"a"], 4)


def test_whoever_notices_that_a_request_is_overdue_it_is_reported_once(serve):
    """The watcher of threads does, and the thread itself when it is through."""
    served = serve(begin_at_once(Closing()))
    request = served.respond()
    request.overdue()
    request.overdue()
    assert served.overdue == OVERDUE


def test_a_thread_that_is_stuck_ends_its_worker(serve):
    ended = []
    served = serve(begin_at_once(Closing()))
    served.guard.end_stuck = lambda: ended.append(1)
    served.respond().stuck()
    assert ended == [1]


def test_the_health_check_is_answered_without_the_application(serve):
    served = serve(None)
    assert served.respond(HTTP_X_PLUMBLINE_HEALTH="1") == [b"ok\n"]
    assert served.heads[0][0] == "200 OK"


def test_a_client_that_has_gone_gets_503_without_the_application(serve):
    served = serve(None)
    served.connection.client.close()
    served.respond()
    assert (served.heads[0][0], ("X-Shed", "gone") in served.heads[0][1]) == ("503 Service Unavailable", True)


@pytest.mark.parametrize("path", ["/", "/a", "/health"])
def test_a_late_request_gets_503_without_the_application(serve, path):
    served = serve(None)
    served.respond(PATH_INFO=path, HTTP_X_REQUEST_START=stamp(2.1))
    assert ("X-Shed", "late") in served.heads[0][1]


def test_a_request_that_is_not_late_reaches_the_application(serve):
    served = serve(begin_at_once([b"a"]))
    assert served.respond(HTTP_X_REQUEST_START=stamp(1)) == [b"a"]


def request(path="/", method="GET", stamp=None, end="\r\n\r\n"):
    return f"{method} {path} HTTP/1.1\r\nHost: site\r\nX-Request-Start: {stamp or ''}{end}".encode()


@pytest.fixture
def arrive(serve):
    """What is turned away at the door, and what the client hears."""
    connections = []

    def come(head):
        connections.append(Connection(head))
        return turn_away(served.guard, connections[-1].server), connections[-1]

    served = serve(None)
    come.guard = served.guard
    yield come
    for connection in connections:
        connection.close()


def test_a_late_request_is_turned_away_and_has_been_read(arrive):
    """Closing a socket with unread bytes resets the connection, and over TCP takes the answer back."""
    turned_away, connection = arrive(request("/a?b", stamp=stamp(2.1)))
    assert turned_away is True
    connection.server.close()
    assert connection.client.recv(4096) == (
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 19\r\n"
        b"Retry-After: 1\r\nX-Shed: late\r\nConnection: close\r\n\r\nthe server is busy\n"
    )
    assert connection.client.recv(1) == b""


@pytest.mark.parametrize(
    "head",
    [
        lambda: request(stamp=stamp(1)),
        lambda: request(stamp=stamp(-1)),
        lambda: request(stamp=stamp(2.1), method="POST"),
        lambda: request(stamp=stamp(2.1), end="\r\n"),
        lambda: request(stamp=stamp(2.1), end="\r\nX-Plumbline-Health: 1\r\n\r\n"),
    ],
    ids=["in time", "in the future", "no GET", "not all of it", "the health check"],
)
def test_whatever_else_comes_is_gunicorns(arrive, head):
    sent = head()
    turned_away, connection = arrive(sent)
    assert turned_away is False
    assert connection.server.recv(4096) == sent
    assert arrive.guard.shed == {"late": 0, "gone": 0}


def test_what_only_looks_like_a_health_check_is_turned_away(arrive):
    assert arrive(request("/health", stamp=stamp(2.1)))[0]
    assert arrive(request(stamp=stamp(2.1), end="\r\nX-Plumbline-Health: 0\r\n\r\n"))[0]


def test_a_client_that_has_gone_is_turned_away_whenever_it_came(arrive):
    connection = Connection(request())
    connection.client.close()
    assert turn_away(arrive.guard, connection.server) is True
    connection.server.close()
    assert arrive.guard.shed == {"late": 0, "gone": 1}


def test_refusals_at_the_door_keep_a_queue_standing(arrive):
    arrive(request(stamp=stamp(2.1)))
    assert late_request.age() < 1
    set_age(late_request, 100)


def test_a_listener_accepts_until_somebody_is_not_turned_away(serve):
    late, good = Connection(request(stamp=stamp(2.1))), Connection(request())
    waiting = [(late.server, "first"), (good.server, "second")]
    accept = accepting(serve(None).guard, lambda: waiting.pop(0))
    assert accept() == (good.server, "second")
    assert late.server.fileno() == -1
    good.close()
    late.close()


def test_a_listener_passes_a_connection_that_has_sent_nothing_yet(serve):
    quiet = Connection()
    assert accepting(serve(None).guard, lambda: (quiet.server, "quiet"))() == (quiet.server, "quiet")
    quiet.close()
