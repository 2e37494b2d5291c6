"""The texts that a record is made of, read with suspicion: others may write ConfigMaps too."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, TypeVar

T = TypeVar("T")

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
# Beyond it, identifiers and digests get no smaller, and take twice the time.
_LEVEL = 6
_UNPACKED_LIMIT = 64 * 1024 * 1024


class Unreadable(Exception):
    """The ConfigMap holds something that this program did not write."""


def join_lines(items: Iterable[Mapping[str, Any]]) -> str:
    """One JSON text for each item, each on a line of its own."""
    encode = _ENCODER.encode
    return "".join(f"{encode(item)}\n" for item in items)


def read_lines(text: str, decode: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    """The items of such lines. Raises Unreadable."""
    try:
        items = [json.loads(line) for line in text.split("\n") if line]
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    return tuple(decode(read_mapping(item)) for item in items)


def join_columns(items: Iterable[Mapping[str, Any]]) -> str:
    """Items that all have the same keys as one JSON object of columns, which packs far better than lines.

    null stands for the value of the column before, in the same row.
    """
    rows = list(items)
    if not rows:
        return ""
    names = list(rows[0])
    columns = {
        name: [None if before and row[name] == row[before] else row[name] for row in rows]
        for before, name in zip(["", *names], names, strict=False)
    }
    return _ENCODER.encode(columns)


def read_columns(text: str, decode: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    """The items of such columns. Raises Unreadable."""
    if not text:
        return ()
    try:
        columns = read_mapping(json.loads(text))
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    except (ValueError, TypeError, RecursionError) as error:
        raise Unreadable from error
    for row in rows:
        before = None
        for name, value in row.items():
            row[name] = before = before if value is None else value
    return tuple(decode(row) for row in rows)


def pack(text: str) -> str:
    """The text gzipped, as `binaryData` holds it; equal texts give equal results."""
    # A fixed time keeps equal texts equal when packed.
    return base64.b64encode(gzip.compress(text.encode(), _LEVEL, mtime=0)).decode()


def unpack(packed: Any) -> str:
    """The text of `pack`, up to 64 MiB. Raises Unreadable."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(base64.b64decode(packed, validate=True))) as file:
            content = file.read(_UNPACKED_LIMIT + 1)
        if len(content) > _UNPACKED_LIMIT:
            raise Unreadable
        return content.decode()
    except (binascii.Error, zlib.error, TypeError, ValueError, OSError, EOFError) as error:
        raise Unreadable from error


def write_time(time: datetime | None) -> str:
    """The time in UTC to the second; empty for None."""
    return time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if time else ""


def read_time(text: str) -> datetime | None:
    """The time of `write_time`. Raises Unreadable."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError as error:
        raise Unreadable from error


def read_moment(text: Any) -> datetime:
    """A time of `write_time` that must be there. Raises Unreadable."""
    time = read_time(text) if isinstance(text, str) else None
    if time is None:
        raise Unreadable
    return time


def read_number(text: str, most: int) -> int:
    """A number from 0 to `most`. Raises Unreadable."""
    # Python itself refuses to read thousands of digits.
    if not text.isdecimal() or len(text) > len(str(most)) or int(text) > most:
        raise Unreadable
    return int(text)


def read_mapping(value: Any) -> Mapping[str, Any]:
    """The value, which must be a mapping. Raises Unreadable."""
    if not isinstance(value, Mapping):
        raise Unreadable
    return value


def read_text(item: Mapping[str, Any], key: str) -> str:
    """The text under `key`. Raises Unreadable."""
    return read_typed(item, key, str)


def read_typed(item: Mapping[str, Any], key: str, type_: type[T]) -> T:
    """The value of exactly this type under `key`. Raises Unreadable."""
    value = item.get(key)
    # True is an int to Python, never to us.
    if not isinstance(value, type_) or isinstance(value, bool) is not (type_ is bool):
        raise Unreadable
    return value
