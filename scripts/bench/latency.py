"""What a gateway adds to the time of an answer, from times with it and without. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds until an answer is whole: of half of the requests at most, and of 99 of 100."""

    median: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayCost:
    """The same requests to the same server, by both ways in turns; `requests` by each."""

    requests: int
    direct: Latency
    gateway: Latency

    @property
    def added(self) -> Latency:
        """What the gateway adds to the median, and to the 99th percentile."""
        return Latency(
            median=self.gateway.median - self.direct.median, p99=self.gateway.p99 - self.direct.p99
        )


def summarise(seconds: Sequence[float]) -> Latency:
    """Median and 99th percentile of times in seconds. Raises ValueError for fewer than 100: there is no
    99th percentile of them.
    """
    if len(seconds) < 100:
        raise ValueError(f"{len(seconds)} requests have no 99th percentile; it takes 100 or more")
    cuts = quantiles((value * 1000 for value in seconds), n=100, method="inclusive")
    return Latency(median=cuts[49], p99=cuts[98])


def show_cost(cost: GatewayCost) -> str:
    """The cost as lines of a table."""
    rows = (("directly", cost.direct), ("through the gateway", cost.gateway), ("added", cost.added))
    lines = [
        f"{'':<30} {'median':>8}  {'p99':>8}",
        f"gateway: {cost.requests} requests each way, in turns, one caller on a kept connection",
    ]
    lines += [f"  {name:<28} {of.median:>5.2f} ms  {of.p99:>5.2f} ms" for name, of in rows]
    return "\n".join(lines)


def describe_cost(cost: GatewayCost) -> dict[str, Any]:
    """The cost for JSON; milliseconds."""
    return {
        "requests": cost.requests,
        "milliseconds": {
            "direct": asdict(cost.direct),
            "gateway": asdict(cost.gateway),
            "added": asdict(cost.added),
        },
    }
