"""Patterns of what declarations may name: `*` stands for any characters, everything else for itself."""

from __future__ import annotations

from collections.abc import Iterable


def matches_any(text: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns covers the text."""
    return any(matches(text, pattern) for pattern in patterns)


def matches(text: str, pattern: str) -> bool:
    """Whether the pattern covers the whole text, in time proportional to both (no backtracking)."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if not text.startswith(first):
        return False
    position = len(first)
    for part in middle:
        found = text.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return len(text) - position >= len(last) and text.endswith(last)
