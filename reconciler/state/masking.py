"""What looks like a secret is not shown: neither in records that all who read git read, nor in reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

_SECRET_KEY = re.compile(
    r"pass(word|wd|phrase)?($|[^a-z])|secret|token($|[^a-z])|api[-_.]?key|access[-_.]?key|private[-_.]?key"
    r"|credential|connection[-_.]?string",
    re.IGNORECASE,
)
_SECRET_VALUES = (
    re.compile(r"(?<=://)[^/\s@]+(?=@)"),  # user information of a URL
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),  # AWS access key
    re.compile(r"\b(?:gh[pousr]_[0-9A-Za-z]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,})"),  # forge tokens
    re.compile(r"\bey[\w-]{10,}\.[\w-]{10,}\.[\w-]*"),  # JSON Web Token
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*", re.DOTALL),
)
# Keys that name a Secret and hold nothing of it.
_REFERENCE = re.compile(r"(RefName|KeyRef|secretRef|secretName)\Z", re.IGNORECASE)
# Within a longer text, such as a file in a ConfigMap.
_ASSIGNMENT = re.compile(
    r"(?i)((?:password|passwd|passphrase|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key)"
    r"[\w.-]*[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;}]+)"
)


def mask(key: str, value: str) -> str:
    """The value without what looks like a secret: all of it under a telling key, else the telling parts."""
    if _SECRET_KEY.search(key):
        return MASK
    for pattern in _SECRET_VALUES:
        value = pattern.sub(MASK, value)
    return value


def mask_value(key: str, value: Any) -> Any:
    """The same for plain data of any depth, whose keys are names of fields.

    `{name: TOKEN, value: …}` is a value under the key TOKEN; keys that only name a Secret are no secrets.
    """
    if isinstance(value, Mapping):
        named = value.get("name")
        return {
            inner: mask_value(named if inner == "value" and isinstance(named, str) else str(inner), item)
            for inner, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [mask_value(key, item) for item in value]
    if not isinstance(value, str) or not value or _REFERENCE.search(key):
        return value
    return _ASSIGNMENT.sub(rf"\1{MASK}", mask(key, value))
