"""Versions of programs, and bounds on them such as `>=2.9,<3`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import zip_longest
from operator import eq, ge, gt, le, lt, ne

_BOUND = re.compile(r"(?P<operator><=|>=|==|!=|<|>)(?P<version>[0-9]+(?:\.[0-9]+)*)")
_LEADING = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_Numbers = tuple[int, ...]
_OPERATORS: Mapping[str, Callable[[_Numbers, _Numbers], bool]] = {
    "<=": le,
    ">=": ge,
    "==": eq,
    "!=": ne,
    "<": lt,
    ">": gt,
}


def is_within(version: str, bounds: str) -> bool | None:
    """Whether a version is within all bounds; None for what is no version.

    Bounds are separated by commas (`>=2.9,<3`). A version is compared as far as its bound goes, so that
    2.20.4 is within `<=2.20`; what follows the numbers (`rc1`, `.dev0`) does not count. Raises ValueError
    for bounds that are none.
    """
    found = _LEADING.match(version)
    if found is None:
        return None
    numbers = _split(found[0])
    return all(_holds(numbers, bound) for bound in bounds.split(","))


def _holds(numbers: _Numbers, bound: str) -> bool:
    match = _BOUND.fullmatch(bound.strip())
    if match is None:
        raise ValueError(f"{bound!r} is no bound of a version")
    limit = _split(match["version"])
    pairs = list(zip_longest(numbers[: len(limit)], limit, fillvalue=0))
    left, right = tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
    return _OPERATORS[match["operator"]](left, right)


def _split(text: str) -> _Numbers:
    return tuple(int(part) for part in text.split("."))
