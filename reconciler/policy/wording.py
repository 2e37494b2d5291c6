"""Small parts of messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


def join_words(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def suggest_name(name: str, known: Iterable[str]) -> str:
    """A question after the known name nearest to `name`, with a space before it; empty if none is near."""
    near = get_close_matches(name, sorted(known), n=1)
    return f' Did you mean "{near[0]}"?' if near else ""
