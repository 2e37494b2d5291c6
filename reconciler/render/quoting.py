"""Values as JSON text that YAML 1.1 reads back unchanged."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

# JSON lets characters stand for themselves that YAML 1.1 refuses or reads as line breaks.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def quote(value: Any, *, default: Callable[[Any], Any] | None = None) -> str:
    """A plain value as JSON, with keys in order. `default` is that of json.dumps."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=default)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
