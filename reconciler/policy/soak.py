"""How long a version has to be upstream before it may take which share here, and when it is free."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reconciler.policy.changes import SMALL_SHARE, Pin, Role
from reconciler.policy.served import find_spans, say_length
from reconciler.state.history import History, measure

_KEYS: Mapping[str, Role] = {"shadow": Role.SHADOW, "upTo10": Role.UP_TO_10, "above": Role.ABOVE}
# Longer ones would lead beyond the last year that there is.
_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

WORDS: Mapping[Role, str] = {
    Role.SHADOW: "as shadow",
    Role.UP_TO_10: f"up to {SMALL_SHARE} %",
    Role.ABOVE: f"above {SMALL_SHARE} %",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """How long a version was in one upstream environment; `serving` tells that it is there now."""

    environment: str
    length: timedelta
    serving: bool

    def find_free(self, needed: timedelta, now: datetime) -> datetime | None:
        """From when it has been there for long enough; None where it is not there, so that no time passes."""
        if self.length >= needed:
            return now
        return now + (needed - self.length) if self.serving else None

    def describe(self) -> str:
        """`has been in staging for 3 h`."""
        if not self.length and not self.serving:
            return f"has not been in {self.environment} yet"
        verb = "has been" if self.serving else "was"
        return f"{verb} in {self.environment} for {say_length(self.length)}"


def read_times(value: Mapping[str, str]) -> Mapping[Role, timedelta]:
    """The time that each role needs upstream, none where nothing is said."""
    return {role: read_duration(value[key]) if key in value else timedelta() for key, role in _KEYS.items()}


def measure_times(value: Any) -> Mapping[str, float]:
    """The measure of a soak block, of which less time is wider. Raises ValueError for anything else."""
    if not isinstance(value, Mapping) or not set(value) <= set(_KEYS):
        raise ValueError
    return {key: -read_duration(said).total_seconds() for key, said in value.items()}


def read_duration(said: Any) -> timedelta:
    """`90m`, `24h`, `7d`. Raises ValueError for anything else."""
    found = _DURATION.fullmatch(said) if isinstance(said, str) else None
    if found is None:
        raise ValueError
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def find_soaked(history: History, upstream: str, pin: Pin, now: datetime) -> Soaked:
    """How long a version has been upstream until now, gaps left out."""
    spans = find_spans(history, upstream, pin)
    return Soaked(
        environment=upstream,
        length=measure(spans, now),
        serving=any(span.holds(now) for span in spans),
    )
