"""What is said of the gateway, from times."""

from __future__ import annotations

import pytest

from scripts.bench.latency import GatewayCost, Latency, describe_cost, show_cost, summarise

COST = GatewayCost(
    requests=4000,
    direct=Latency(median=0.15, p99=0.28),
    gateway=Latency(median=0.32, p99=0.79),
)


def test_times_become_milliseconds_of_the_middle_and_of_the_slowest_hundredth() -> None:
    seconds = [place / 1000 for place in range(101)]
    found = summarise(seconds)
    assert found.median == pytest.approx(50.0)
    assert found.p99 == pytest.approx(99.0)
    assert summarise(seconds[::-1]) == summarise(seconds)


def test_too_few_times_have_no_slowest_hundredth() -> None:
    with pytest.raises(ValueError, match="99 requests have no 99th percentile"):
        summarise([0.001] * 99)


def test_the_table_shows_both_ways_and_what_lies_between_them() -> None:
    assert show_cost(COST).splitlines() == [
        "                                 median       p99",
        "gateway: 4000 requests each way, in turns, one caller on a kept connection",
        "  directly                      0.15 ms   0.28 ms",
        "  through the gateway           0.32 ms   0.79 ms",
        "  added                         0.17 ms   0.51 ms",
    ]


def test_json_holds_the_same() -> None:
    described = describe_cost(COST)
    assert described["requests"] == 4000
    assert described["milliseconds"]["direct"] == {"median": 0.15, "p99": 0.28}
    assert described["milliseconds"]["added"] == {"median": pytest.approx(0.17), "p99": pytest.approx(0.51)}
