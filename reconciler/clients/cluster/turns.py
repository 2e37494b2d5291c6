"""So many requests at once, and who goes first where more of them wait."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Of those that wait the lowest rank goes first, equal ranks in the order in which they came."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: list[tuple[int, int, threading.Event]] = []

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    @contextmanager
    def take(self, rank: int) -> Iterator[None]:
        """Wait for a turn, and give it back at the end."""
        called = threading.Event()
        with self._lock:
            if self._free:
                self._free -= 1
                called.set()
            else:
                heapq.heappush(self._waiting, (rank, next(self._numbers), called))
        try:
            called.wait()
            yield
        finally:
            self._give_back(called)

    def _give_back(self, called: threading.Event) -> None:
        with self._lock:
            if not called.is_set():
                # Interrupted while it waited.
                self._waiting = [item for item in self._waiting if item[2] is not called]
                heapq.heapify(self._waiting)
            elif self._waiting:
                heapq.heappop(self._waiting)[2].set()
            else:
                self._free += 1
