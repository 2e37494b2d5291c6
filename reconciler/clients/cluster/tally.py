"""How many requests were sent, and how they were answered. Safe to use from many threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping


class Tally:
    """What was sent and answered: of a part of a run, and so of the whole that it belongs to."""

    def __init__(self, whole: Tally | None = None) -> None:
        """`whole` counts all that this one does, too."""
        self._whole = whole
        self._counts: Counter[str] = Counter()
        self._answers: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()

    def note_sent(self, method: str) -> None:
        """A try of a request by this HTTP method."""
        with self._lock:
            self._counts[method] += 1
        if self._whole is not None:
            self._whole.note_sent(method)

    def note_answer(self, method: str, status: int) -> None:
        """How a try ended: the status of the answer, 0 if there was none."""
        with self._lock:
            self._answers[(method, status)] += 1
        if self._whole is not None:
            self._whole.note_answer(method, status)

    def read_counts(self) -> Mapping[str, int]:
        """Tries by method."""
        with self._lock:
            return dict(self._counts)

    def read_answers(self) -> Mapping[tuple[str, int], int]:
        """Tries by method and status."""
        with self._lock:
            return dict(self._answers)
