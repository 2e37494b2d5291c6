"""How values are written: plain where all readers take them alike, else in quotes; nested ones in a line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.load.scalars import resolve_plain
from reconciler.state.documents import Value

# Text that no reader of YAML takes for anything else, in a block and within brackets.
_PLAIN = re.compile(r"[^\W_](?:[\w ./@()+:;%–-]*[\w./@()+;%–-])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a neighbour is written: quotes of its keys and of its values by key, blanks within its brackets."""

    keys: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    padding: str = ""

    def key(self, name: str) -> str:
        """A key with its colon."""
        return f"{write_text(name, self.keys)}:"

    def pair(self, name: str, value: Value) -> str:
        """A key and its value, in one line."""
        return f"{self.key(name)} {write_value(value, self.values.get(name, ''))}"

    def mapping(self, entry: Mapping[str, Value]) -> str:
        """All of it within braces, in one line."""
        inside = ", ".join(self.pair(name, value) for name, value in entry.items())
        return f"{{{self.padding}{inside}{self.padding}}}"


def write_value(value: Value, quote: str = "") -> str:
    """One value in one line; text in the quotes that are asked for (`'`, `"`), where it can be."""
    if isinstance(value, str):
        return write_text(value, quote)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{write_text(key)}: {write_value(item)}" for key, item in value.items())
        return f"{{{inside}}}"
    return f"[{', '.join(write_value(item) for item in value)}]"


def write_text(text: str, quote: str = "") -> str:
    """Text as a scalar of one line."""
    unseen = not text.isprintable()
    if quote == "'" and not unseen:
        return "'" + text.replace("'", "''") + "'"
    if quote != '"' and _PLAIN.fullmatch(text) and ": " not in text and resolve_plain(text) == text:
        return text
    return '"' + "".join(_escape(character) for character in text) + '"'


def _escape(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
