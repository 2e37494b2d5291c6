"""Time as the writing stages see it; given to them, so that tests can hold it still."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    """A source of time."""

    def now(self) -> datetime:
        """The time of day (UTC), for what people read."""

    def monotonic(self) -> float:
        """Seconds that never go backwards, for measuring; those that the machine sleeps count."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


def choose_measure(clocks: object = time) -> int:
    """The clock for spans of time, of those that the platform has (default: this one).

    Linux' CLOCK_MONOTONIC stands still while the machine sleeps (clock_gettime(2)): a laptop that wakes after
    an hour would believe its Lease to be renewed a moment ago. CLOCK_BOOTTIME goes on. Where it is missing,
    as on macOS, CLOCK_MONOTONIC goes on itself.
    """
    return getattr(clocks, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        return time.clock_gettime(choose_measure())

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
