"""Small parts of messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

_SHOWN = 60


def join_words(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def suggest_name(name: str, known: Iterable[str]) -> str:
    """A question after the known name nearest to `name`, with a space before it; empty if none is near."""
    near = get_close_matches(name, sorted(known), n=1)
    return f' Did you mean "{near[0]}"?' if near else ""


def show_value(value: Any) -> str:
    """What somebody wrote in a declaration, in one short line: text in quotes, blocks by their keys."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_plain(item)}' for key, item in value.items())}}}"
    text = json.dumps(value, ensure_ascii=not str(value).isprintable())
    return text if len(text) <= _SHOWN else f'{text[: _SHOWN - 4]}..."'


def say_duration(length: timedelta) -> str:
    """`2 d 3 h`, `3 h 20 min`, `20 min`: two units, rounded down."""
    minutes = int(length.total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def _plain(value: Any) -> str:
    text = str(value)
    return text if text.isprintable() and len(text) <= _SHOWN else show_value(text)
