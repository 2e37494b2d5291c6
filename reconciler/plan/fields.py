"""Finding a field in a body by the path that people read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_PART = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")


def find_field(body: Any, path: str) -> tuple[bool, Any]:
    """Whether the body has the field at a path such as `diff` gives, and its value there.

    In brackets stand names of items (spec.predictors[v3].traffic), their positions where they have none, and
    keys that hold dots.
    """
    value = body
    for match in _PART.finditer(path):
        bracketed, plain = match.groups()
        found, value = _step(value, plain if bracketed is None else bracketed)
        if not found:
            return False, None
    return True, value


def _step(value: Any, key: str) -> tuple[bool, Any]:
    if isinstance(value, Mapping):
        return key in value, value.get(key)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False, None
    for item in value:
        if isinstance(item, Mapping) and item.get("name") == key:
            return True, item
    if key.isdecimal() and int(key) < len(value):
        return True, value[int(key)]
    return False, None
