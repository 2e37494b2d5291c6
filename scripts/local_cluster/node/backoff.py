"""How long to wait before what keeps failing is tried again, as kubelets do it."""

from __future__ import annotations

LONGEST = 300.0
RESET_AFTER = 600.0


class BackOff:
    """Delays that double. The first restart comes at once, the second after `first` seconds."""

    def __init__(self, first: float) -> None:
        self._first = first
        self._delay = 0.0

    def ran(self, seconds: float) -> None:
        """What was tried ran that long; after ten minutes earlier failures are forgotten."""
        if seconds >= RESET_AFTER:
            self._delay = 0.0

    def next(self) -> float:
        """Seconds to wait now, longer with each call."""
        delay = self._delay
        self._delay = min(max(self._first, 2 * delay), LONGEST)
        return delay
