"""Durations as people write them."""

from __future__ import annotations

from reconciler.state.declarations import Duration

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def to_seconds(duration: Duration) -> int:
    """Seconds of a declared duration such as `90m` or `24h`."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]
