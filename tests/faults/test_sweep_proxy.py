"""Each fault as the client and the server see it: what the sweep plays is what it says."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import urllib3
from urllib3.exceptions import HTTPError

from tests.faults.sweep_faults import LATENESS, Fault, take_alternate, take_turns
from tests.faults.sweep_proxy import FaultyProxy
from tests.faults.sweep_registry import RegistryCase
from tests.support.answering import Script, Server, serving

WHOLE = {"items": ["wines", "prices", "ports", "sherries", "ciders"]}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Script(body=WHOLE)) as server:
        yield server


def ask(proxy: FaultyProxy, path: str = "/list") -> urllib3.BaseHTTPResponse | None:
    """The answer as a client gets it; None where the connection broke."""
    with urllib3.PoolManager(retries=False, timeout=30) as pool:
        try:
            return pool.request("GET", f"{proxy.uri}{path}", retries=False)
        except HTTPError:
            return None


@pytest.mark.parametrize(
    ("fault", "status", "asked"),
    [
        (None, 200, 1),
        (Fault.DROP_BEFORE, None, 0),
        (Fault.DROP_AFTER, None, 1),
        (Fault.CUT, None, 1),
        (Fault.CONFLICT, 409, 0),
        (Fault.EXPIRED, 410, 0),
        (Fault.THROTTLED, 429, 0),
        (Fault.ERROR, 500, 0),
        (Fault.ERROR_AFTER, 500, 1),
        (Fault.UNAVAILABLE, 503, 0),
        (Fault.TIMEOUT_AFTER, 504, 1),
        (Fault.REPEAT, 200, 2),
        (Fault.LATE, 200, 1),
        (Fault.SLOW, 200, 1),
        (Fault.DEAD, None, 0),
    ],
)
def test_a_fault_befalls_one_request(
    fault: Fault | None, status: int | None, asked: int, server: Server
) -> None:
    with FaultyProxy(server.url, fault=fault, at=2) as proxy:
        before = ask(proxy)
        at_first = len(server.asked)
        struck = ask(proxy)

        assert before is not None
        assert before.json() == WHOLE
        assert (struck.status if struck else None) == status
        assert len(server.asked) - at_first == asked
        assert fault is None or str(proxy.hit) == "GET /list"
        after = ask(proxy)
        assert (after is None) == (fault is Fault.DEAD)


def test_half_an_answer_looks_whole_to_http(server: Server) -> None:
    with FaultyProxy(server.url, fault=Fault.HALVE, at=1) as proxy:
        answer = ask(proxy)

    assert answer is not None
    assert answer.status == 200
    whole = json.dumps(WHOLE)
    assert whole.startswith(answer.data.decode())
    assert len(answer.data) == len(whole) // 2


def test_throttling_says_when_to_come_back(server: Server) -> None:
    with FaultyProxy(server.url, fault=Fault.THROTTLED, at=1) as proxy:
        answer = ask(proxy)

    assert answer is not None
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["reason"] == "TooManyRequests"


@pytest.mark.parametrize(("fault", "code"), [(Fault.KILL, -9), (Fault.TERM, -15)])
def test_a_signal_comes_once_the_server_has_acted(fault: Fault, code: int, server: Server) -> None:
    with (
        FaultyProxy(server.url, fault=fault, at=1) as proxy,
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as victim,
    ):
        proxy.aim(victim.pid)
        answer = ask(proxy)

        assert victim.wait(timeout=30) == code
        assert len(server.asked) == 1
        assert (answer is None) == (fault is Fault.KILL)


@pytest.mark.parametrize("fault", [Fault.LATE, Fault.SLOW])
def test_late_is_later_than_the_lease(fault: Fault, server: Server) -> None:
    with FaultyProxy(server.url, fault=fault, at=1) as proxy:
        started = time.monotonic()
        assert ask(proxy) is not None

        assert time.monotonic() - started >= LATENESS


def test_a_server_may_be_asked_for_smaller_pages(server: Server) -> None:
    with FaultyProxy(server.url, page=1) as proxy:
        ask(proxy, "/list?limit=500&continue=abc")

        assert server.asked == [("GET", "/list?limit=1&continue=abc")]
        assert str(proxy.requests[0]) == "GET /list?limit=500&continue=abc"


def test_half_of_the_cases_holds_each_request_and_each_fault() -> None:
    cases = [RegistryCase(command="pin", fault=fault, at=at) for fault in Fault for at in range(1, 9)]
    half = take_alternate(cases)

    assert len(half) == len(cases) // 2
    assert {case.fault for case in half} == set(Fault)
    assert {case.at for case in half} == set(range(1, 9))


def test_two_samples_hold_every_fault_also_where_there_is_one_request() -> None:
    few = [RegistryCase(command="pin", fault=fault, at=1) for fault in Fault]
    many = [RegistryCase(command="pin", fault=fault, at=at) for fault in Fault for at in range(1, 9)]

    assert [case.fault for case in take_turns(few, 0)] == list(Fault)[::2]
    assert [case.fault for case in take_turns(few, 1)] == list(Fault)[1::2]
    assert {case.at for case in take_turns(many, 0)} == set(range(1, 9))
    assert take_turns((), 0) == []
