"""No request without an end: servers that never finish or never stop, and a client that does."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reconciler.clients.cluster.access import Access
from reconciler.clients.cluster.interface import ClusterUnreachable, Throttled
from reconciler.clients.cluster.transport import HttpTransport, Patience, Request
from tests.support.answering import ManualClock, Script, make_transport, serving

GET = Request(method="GET", path="/api")
PATCH = Request(method="PATCH", path="/api", body={})
POST = Request(method="POST", path="/api", body={}, repeatable=False)
HEAD = b"HTTP/1.1 200 OK\r\n"

# A try may take half a second; what has no end would be waited for until the test's own time is up.
SHORT = Patience(timeout=0.25, tries=2, pause=0.01, budget=0.5, size=100_000)


@contextmanager
def dripping(chunks: Iterator[bytes], *, every: float) -> Iterator[str]:
    """A server that answers whoever connects with these chunks, one by one, until it is closed."""
    closing = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def serve() -> None:
        while not closing.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            with client:
                client.recv(65_536)
                for chunk in chunks:
                    try:
                        client.sendall(chunk)
                    except OSError:
                        break
                    if closing.wait(every):
                        break

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        closing.set()
        thread.join()
        listener.close()


def ask(url: str, request: Request = GET, patience: Patience = SHORT) -> ClusterUnreachable:
    """What a request ends with, over a transport whose time is real."""
    with pytest.raises(ClusterUnreachable) as caught:
        HttpTransport(Access(server=url), patience=patience).send(request)
    return caught.value


@pytest.mark.covers("T17")
@pytest.mark.parametrize(
    ("before", "drip"),
    [
        (b"", b"H"),
        (HEAD, b"X-More: and more\r\n"),
        (HEAD + b"X-Long: ", b"x"),
        (HEAD + b"Content-Length: 99999\r\n\r\n", b" "),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["status", "headers", "header", "body", "chunks", "continue"],
)
def test_an_answer_that_trickles_for_ever_ends_with_the_budget(before: bytes, drip: bytes) -> None:
    """Each byte comes well within the time of one wait, so that no wait ever ends."""
    chunks = itertools.chain([before] if before else [], itertools.repeat(drip))
    # Headers are a hundred at most, so these come slowly.
    every = 0.1 if drip.startswith(b"X-More") else 0.02
    with dripping(chunks, every=every) as url:
        error = ask(url)

    assert error.tries <= SHORT.tries
    assert error.unseen


@pytest.mark.covers("T17")
@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Content-Length: 999999999\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"fffffff\r\n",
    ],
    ids=["announced", "chunked"],
)
def test_an_answer_beyond_the_largest_size_is_not_read_and_not_asked_for_again(head: bytes) -> None:
    chunks = itertools.chain([head], itertools.repeat(b"x" * 50_000))
    with dripping(chunks, every=0.0) as url:
        error = ask(url, patience=Patience(timeout=5, size=100_000))

    assert "more than 100000 bytes" in str(error)
    assert error.tries == 1


def test_an_answer_of_the_largest_size_is_read() -> None:
    body = {"a": "b" * 1000}
    size = len('{"a": ""}') + 1000
    with serving(Script(body=body)) as server:
        assert make_transport(server.url, patience=Patience(size=size)).send(GET).body == body


@pytest.mark.covers("B27", "T16")
@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b'Content-Length: 12\r\n\r\n{"items":[]',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\nc\r\n{"items":[]}\r\n',
        HEAD + b"Content-Type",
        HEAD + b'\r\n{"items":[]}',
    ],
    ids=["shorter than announced", "no last chunk", "in the headers", "no end announced"],
)
def test_a_part_of_an_answer_is_none(answer: bytes) -> None:
    def cut() -> Iterator[bytes]:
        yield answer

    with dripping(cut(), every=0.0) as url:
        error = ask(url, POST)

    assert error.unseen


@pytest.mark.covers("B25", "T17")
@pytest.mark.parametrize("request_", [GET, PATCH, POST], ids=["GET", "PATCH", "POST"])
@pytest.mark.parametrize("told", [{}, {"Retry-After": "0"}, {"Retry-After": "1"}, {"Retry-After": "soon"}])
def test_a_server_that_is_busy_for_ever_is_left_after_a_bounded_number_of_tries(
    request_: Request, told: dict[str, str]
) -> None:
    clock = ManualClock()
    with serving(Script(status=429, headers=told)) as server, pytest.raises(Throttled) as caught:
        make_transport(server.url, clock).send(request_)

    assert clock.time <= Patience().budget
    assert caught.value.tries == len(server.asked) <= 130
    assert min(clock.slept) >= 0.25
    assert not caught.value.unseen


@pytest.mark.covers("B25")
def test_a_run_waits_for_a_busy_server_within_a_budget_of_its_own() -> None:
    """Each request has its own; their sum has another, so that a thousand of them do not take a night."""
    clock = ManualClock()
    busy, done = Script(status=429, headers={"Retry-After": "10"}), Script(body={"done": True})
    with serving(busy, done, busy, done, busy, done, busy) as server:
        transport = make_transport(server.url, clock, Patience(waits=40))
        for _ in range(3):
            assert transport.send(PATCH).status == 200
        with pytest.raises(Throttled, match="asked to come back in 10 s"):
            transport.send(PATCH)

    assert clock.time <= 40


@pytest.mark.covers("B25")
def test_what_many_wait_at_once_counts_once() -> None:
    patience = Patience(timeout=5, waits=1.5, pause=0.01)
    busy = [Script(status=429, headers={"Retry-After": "1"})] * 8
    with serving(*busy, Script(body={"done": True})) as server:
        transport = HttpTransport(Access(server=server.url), patience=patience)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(transport.send(GET))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [answer.status for answer in answers] == [200] * 8


@pytest.mark.covers("B25")
def test_a_date_to_come_back_at_is_understood() -> None:
    clock = ManualClock()
    with (
        serving(Script(status=503, headers={"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"})) as server,
        pytest.raises(Throttled),
    ):
        make_transport(server.url, clock).send(PATCH)
    assert clock.slept == []


def test_a_date_that_has_passed_is_no_reason_to_wait() -> None:
    clock = ManualClock()
    past = Script(status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    with serving(past, Script(body={"done": True})) as server:
        assert make_transport(server.url, clock).send(PATCH).status == 200
    assert max(clock.slept) <= 0.75


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/api\r\nX-Forged: 1", "/api%0D%0AX-Forged:%201"),
        ("/api HTTP/1.1", "/api%20HTTP/1.1"),
        ("/äpi", "/%C3%A4pi"),
        ("/api\x00", "/api%00"),
    ],
)
def test_a_name_cannot_become_a_header_or_another_request(path: str, asked: str) -> None:
    with serving(Script(body={})) as server:
        make_transport(server.url).send(Request(method="GET", path=path))
    assert server.asked == [("GET", asked)]


class TestEnding:
    """A run that is to end tries nothing again, so that it ends within the time that it is given."""

    def hurried(self, url: str, clock: ManualClock) -> HttpTransport:
        return HttpTransport(
            Access(server=url),
            patience=Patience(timeout=0.2),
            sleep=clock.sleep,
            monotonic=clock.monotonic,
            hurried=lambda: True,
        )

    @pytest.mark.covers("B29")
    @pytest.mark.parametrize(
        "script",
        [Script(hang_up=True), Script(silent=True), Script(status=429, headers={"Retry-After": "1"})],
        ids=["broken", "silent", "busy"],
    )
    def test_a_failure_is_told_at_once(self, script: Script) -> None:
        clock = ManualClock()
        with serving(script) as server, pytest.raises(ClusterUnreachable):
            self.hurried(server.url, clock).send(PATCH)
        assert len(server.asked) == 1
        assert clock.slept == []

    @pytest.mark.covers("B29")
    def test_a_server_that_says_nothing_is_not_waited_for_as_long_as_else(self) -> None:
        patience = Patience(timeout=1000, budget=1000, hurry=0.2)
        with (
            serving(Script(silent=True)) as server,
            pytest.raises(ClusterUnreachable, match="did not answer within 0 s"),
        ):
            HttpTransport(Access(server=server.url), patience=patience, hurried=lambda: True).send(PATCH)

    def test_a_fault_of_the_server_is_handed_on_at_once(self) -> None:
        clock = ManualClock()
        with serving(Script(status=503)) as server:
            assert self.hurried(server.url, clock).send(PATCH).status == 503
        assert len(server.asked) == 1


class TestUnseen:
    """Whether a request may have been acted on though nobody said so."""

    def test_not_where_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert not ask(url, PATCH).unseen

    @pytest.mark.parametrize("script", [Script(hang_up=True), Script(silent=True)], ids=["broken", "silent"])
    def test_where_the_answer_was_lost(self, script: Script) -> None:
        with serving(script) as server:
            assert ask(server.url, PATCH).unseen

    def test_where_an_earlier_answer_was_lost_and_the_last_says_no(self) -> None:
        with serving(Script(hang_up=True), Script(status=409)) as server:
            answer = make_transport(server.url).send(PATCH)
        assert answer.status == 409
        assert answer.unseen

    def test_not_where_the_server_asked_to_come_back(self) -> None:
        with serving(Script(status=429, headers={"Retry-After": "1"}), Script(status=409)) as server:
            assert not make_transport(server.url).send(PATCH).unseen


def test_connections_are_kept_and_a_closed_one_is_not_used_again() -> None:
    closing = Script(body={"done": True}, headers={"Connection": "close"})
    with serving(Script(body={"n": 1}), Script(body={"n": 2}), closing, Script(body={"n": 4})) as server:
        transport = make_transport(server.url)
        for _ in range(4):
            assert transport.send(POST).status == 200
    assert server.connections == 2
