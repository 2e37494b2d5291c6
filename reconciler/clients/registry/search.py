"""Search filters for many names at once, in MLflow's filter grammar."""

from __future__ import annotations

import os

# No server takes a longer one. A proxy may refuse a shorter one still, and is then asked the wider question.
_LONGEST_FILTER = 60_000
_SHORTEST_PREFIX = 3


def narrow(names: tuple[str, ...]) -> str | None:
    """A filter for exactly these names (`IN`, which servers since 3.17 know); None where it cannot be written."""
    if any("'" in name for name in names):
        return None
    if len(names) == 1:
        return f"name = '{names[0]}'"
    listed = ", ".join(f"'{name}'" for name in sorted(set(names)))
    return f"name IN ({listed})" if len(listed) <= _LONGEST_FILTER else None


def widen(names: tuple[str, ...]) -> str | None:
    """A filter that every server knows and that lets these names through, and others; None lets all through."""
    prefix = os.path.commonprefix(list(names)).partition("'")[0]
    # `%` and `_` stand for other characters here, which lets more through: the caller picks by name anyway.
    return f"name LIKE '{prefix}%'" if len(prefix) >= _SHORTEST_PREFIX else None
