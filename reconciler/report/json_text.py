"""JSON as text that is safe to print: what steers a terminal or a CI is escaped, which JSON allows."""

from __future__ import annotations

import json
import re
from typing import Any

_COMMAND = re.compile(r"#(?=#\w*\[)")


def write_json(value: Any) -> str:
    """The value as indented JSON: letters of all languages as they are, all that is not printable escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if "##" in text:
        # Only within a text can these stand.
        text = _COMMAND.sub(r"\\u0023", text)
    if text.replace("\n", "").isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text)
