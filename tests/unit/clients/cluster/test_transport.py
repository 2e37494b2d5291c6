"""How long and how often is tried: a scripted server on loopback, and time that passes only by sleeping."""

from __future__ import annotations

import pytest

from reconciler.clients.cluster.interface import ClusterUnreachable, Throttled
from reconciler.clients.cluster.transport import DryRunTransport, Patience, Request
from tests.support.answering import ManualClock, Script, make_transport, serving

GET = Request(method="GET", path="/api")
PATCH = Request(method="PATCH", path="/api", body={})
POST = Request(method="POST", path="/api", body={}, repeatable=False)
OK = Script(body={"done": True})
BUSY = Script(status=429, headers={"Retry-After": "4"})
QUICK = Patience(timeout=0.2)


@pytest.mark.covers("B25", "T17")
@pytest.mark.parametrize("request_", [GET, PATCH, POST], ids=["GET", "PATCH", "POST"])
def test_retry_after_is_honoured_on_every_verb(request_: Request) -> None:
    clock = ManualClock()
    with serving(BUSY, BUSY, OK) as server:
        answer = make_transport(server.url, clock).send(request_)

    assert answer.body == {"done": True}
    assert answer.tries == 3
    assert [4 <= pause <= 5 for pause in clock.slept] == [True, True]


@pytest.mark.covers("B25", "T17")
def test_being_told_to_come_back_is_bounded_by_the_budget_of_time() -> None:
    clock = ManualClock()
    with (
        serving(BUSY) as server,
        pytest.raises(Throttled, match=r"asked to come back in 4 s \([78] tries over \d\d s\)"),
    ):
        make_transport(server.url, clock).send(GET)

    assert clock.time <= 31


def test_a_delay_beyond_the_budget_is_not_waited_for() -> None:
    clock = ManualClock()
    long = Script(status=503, headers={"Retry-After": "3600"})
    with serving(long) as server, pytest.raises(Throttled, match="in 3600 s"):
        make_transport(server.url, clock).send(PATCH)

    assert clock.slept == []


@pytest.mark.covers("T17")
def test_no_answer_ends_after_three_tries_and_says_so() -> None:
    with (
        serving(Script(silent=True)) as server,
        pytest.raises(ClusterUnreachable, match=r"did not answer within 0 s \(3 tries") as caught,
    ):
        make_transport(server.url, patience=QUICK).send(GET)

    assert caught.value.tries == 3
    assert len(server.asked) == 3


def test_a_write_that_may_have_arrived_is_repeated_only_if_repeating_is_safe() -> None:
    with serving(Script(hang_up=True), OK) as server:
        assert make_transport(server.url).send(PATCH).tries == 2
    with serving(Script(hang_up=True), OK) as server, pytest.raises(ClusterUnreachable, match="1 try"):
        make_transport(server.url).send(POST)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_passing_fault_of_the_server_is_tried_again_if_that_is_safe(status: int) -> None:
    with serving(Script(status=status), OK) as server:
        assert make_transport(server.url).send(PATCH).status == 200
    with serving(Script(status=status), OK) as server:
        assert make_transport(server.url).send(POST).status == status


def test_an_internal_error_is_tried_again_for_reads_alone() -> None:
    with serving(Script(status=500), OK) as server:
        assert make_transport(server.url).send(GET).status == 200
    with serving(Script(status=500), OK) as server:
        assert make_transport(server.url).send(PATCH).status == 500


def test_a_fault_that_stays_is_handed_on_after_three_tries() -> None:
    with serving(Script(status=503, body="no endpoints")) as server:
        answer = make_transport(server.url).send(GET)

    assert (answer.status, answer.text, answer.tries) == (503, "no endpoints", 3)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422])
def test_a_verdict_is_not_asked_for_twice(status: int) -> None:
    with serving(Script(status=status), OK) as server:
        assert make_transport(server.url).send(GET).status == status
        assert len(server.asked) == 1


def test_nobody_listening_is_tried_again_even_for_a_create() -> None:
    with serving(OK) as server:
        url = server.url
    with pytest.raises(ClusterUnreachable, match=r"could not be connected to .*3 tries") as caught:
        make_transport(url).send(POST)

    assert caught.value.tries == 3


def test_a_redirect_is_not_followed() -> None:
    with serving(Script(status=302, headers={"Location": "/elsewhere"}), OK) as server:
        assert make_transport(server.url).send(GET).status == 302
        assert server.asked == [("GET", "/api")]


def test_each_try_is_counted() -> None:
    with serving(BUSY, Script(hang_up=True), OK) as server:
        transport = make_transport(server.url)
        transport.send(GET)
        transport.send(PATCH)

    assert transport.counts == {"GET": 3, "PATCH": 1}
    assert transport.answers == {("GET", 429): 1, ("GET", 0): 1, ("GET", 200): 1, ("PATCH", 200): 1}


def test_dry_run_is_asked_for_in_the_query_and_in_the_options_of_a_delete() -> None:
    with serving(OK) as server:
        transport = DryRunTransport(make_transport(server.url))
        transport.send(PATCH)
        transport.send(
            Request(method="DELETE", path="/api", query={"a": "b"}, body={"kind": "DeleteOptions"})
        )

    assert server.asked == [("PATCH", "/api?dryRun=All"), ("DELETE", "/api?a=b&dryRun=All")]
    assert transport.counts == {"PATCH": 1, "DELETE": 1}
    assert transport.answers == {("PATCH", 200): 1, ("DELETE", 200): 1}


def test_the_server_is_named_by_host_and_by_port_where_it_is_not_the_usual_one() -> None:
    assert make_transport("https://10.0.0.1").server == "10.0.0.1"
    assert make_transport("https://10.0.0.1:443").server == "10.0.0.1"
    assert make_transport("https://10.0.0.1:6443").server == "10.0.0.1:6443"
