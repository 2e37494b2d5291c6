"""Waiting for what other programs do in their own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

# Only what fails takes as long; a model server that starts on a busy machine takes minutes.
PATIENCE = 240.0  # seconds
_PAUSE = 0.1  # seconds
T = TypeVar("T")


def wait_until(
    look: Callable[[], T | None], what: str = "what was waited for", *, patience: float = PATIENCE
) -> T:
    """What `look` gives as soon as that is true.

    Raises AssertionError, naming `what`, when it is not after `patience` seconds.
    """
    end = time.monotonic() + patience
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not seen within {patience:.0f} s")
        time.sleep(_PAUSE)
