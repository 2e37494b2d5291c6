"""The text of a version record: the same record gives the same bytes, and a changed fact changes one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.load.scalars import resolve_plain
from reconciler.pin.comparison import dump
from reconciler.state.declarations import VersionRecord

MODELINE = "# yaml-language-server: $schema=../../../schemas/version.schema.json"
_NOTE = "# Written by modelsync pin; reviewed, never edited."

# Only text that is plain to every YAML reader, in a block and between brackets alike, goes without quotes.
_PLAIN = re.compile(r"[A-Za-z0-9_/.][A-Za-z0-9_/.+@-]*(?: [A-Za-z0-9_/.+][A-Za-z0-9_/.+@-]*)*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}

# Blocks whose values stand one to a line, each on a line of its own however deep it goes.
_BLOCKS = frozenset(
    {
        ("identity",),
        ("identity", "files"),
        ("loader",),
        ("loader", "flavours"),
        ("loader", "signature"),
        ("evidence",),
        ("evidence", "metrics"),
        ("evidence", "parameters"),
        ("evidence", "tags"),
    }
)


def write_record(record: VersionRecord) -> str:
    """The record's file, modeline first."""
    return "\n".join((MODELINE, _NOTE, *_write_mapping((), dump(record)))) + "\n"


def _write_mapping(path: tuple[str, ...], values: Mapping[str, Any]) -> Iterator[str]:
    indent = "  " * len(path)
    for key, value in values.items():
        below = (*path, key)
        if below in _BLOCKS and value:
            yield f"{indent}{_scalar(key)}:"
            yield from _write_mapping(below, value)
        elif isinstance(value, tuple) and value and below[:2] == ("loader", "signature"):
            yield f"{indent}{_scalar(key)}:"
            yield from (f"{indent}  - {_flow(item)}" for item in value)
        else:
            yield f"{indent}{_scalar(key)}: {_flow(value)}"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _write_float(value)
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return text if _PLAIN.fullmatch(text) and resolve_plain(text) == text else _quote(text)


def _write_float(value: float) -> str:
    """With a dot and a signed exponent, the one form that YAML 1.1 and 1.2 both read as a number."""
    mantissa, _, exponent = repr(value).partition("e")
    mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
    return f"{mantissa}e{int(exponent):+03d}" if exponent else mantissa


def _quote(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(letter) or _escape_unseen(letter) for letter in text) + '"'


def _escape_unseen(letter: str) -> str:
    if letter.isprintable():
        return letter
    code = ord(letter)
    if 0xD800 <= code <= 0xDFFF:
        # Half of a surrogate pair is no character, and no file in UTF-8 can hold it.
        return "\N{REPLACEMENT CHARACTER}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
