"""Search filters for many names at once, in MLflow's filter grammar."""

from __future__ import annotations

# No server takes a longer one. A proxy may refuse a shorter one still, and is then asked the wider question.
_LONGEST_FILTER = 60_000
_SHORTEST_PREFIX = 3


def narrow(names: tuple[str, ...]) -> str | None:
    """A filter for exactly these names (`IN` is known since 3.17); None where it cannot be written."""
    if any("'" in name for name in names):
        return None
    if len(names) == 1:
        return f"name = '{names[0]}'"
    listed = ", ".join(f"'{name}'" for name in sorted(set(names)))
    return f"name IN ({listed})" if len(listed) <= _LONGEST_FILTER else None


def widen(names: tuple[str, ...]) -> str | None:
    """A filter that every server knows; it lets these names and others through (None: all of them)."""
    prefix = _find_common_start(names).partition("'")[0]
    # `%` and `_` stand for other characters here, which lets more through: the caller picks by name anyway.
    return f"name LIKE '{prefix}%'" if len(prefix) >= _SHORTEST_PREFIX else None


def _find_common_start(names: tuple[str, ...]) -> str:
    # What the first and last in order share, all between share too.
    first, last = min(names), max(names)
    length = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[:length]
