"""Bodies that take little memory: kept as compressed JSON, read where somebody looks into them.

As dictionaries ten thousand objects of a cluster take most of a gigabyte; a run looks into each of them a few
times, and into hardly any two at once.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

# The fastest: what repeats in a body, such as the field names of its managers, is found by it as well.
_LEVEL = 1
# Bodies that are kept read, some 30 KiB each: those of a few ordinary targets at once, each gone over several
# times.
_READ = 1024
_EMPTY = zlib.compress(b"{}", _LEVEL)


class PackedBody(Mapping[str, Any]):
    """A body that is equal to the one it was made of, in the order of its keys. Nothing in it is changed."""

    __slots__ = ("_packed",)

    def __init__(self, packed: bytes) -> None:
        """`packed` is JSON, compressed; see `pack`."""
        self._packed = packed

    def __getitem__(self, key: str) -> Any:
        return _read(self._packed)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(_read(self._packed))

    def __len__(self) -> int:
        return len(_read(self._packed))

    def __bool__(self) -> bool:
        # Asked for far more often than what is in it.
        return self._packed != _EMPTY

    def __repr__(self) -> str:
        return repr(_read(self._packed))

    @property
    def text(self) -> bytes:
        """The JSON that it is kept as."""
        return zlib.decompress(self._packed)


def pack(body: Mapping[str, Any]) -> PackedBody:
    """The body as it takes little memory. Raises TypeError for what is no JSON."""
    if isinstance(body, PackedBody):
        return body
    text = json.dumps(dict(body), separators=(",", ":"))
    return PackedBody(zlib.compress(text.encode(), _LEVEL))


def encode(body: Mapping[str, Any]) -> bytes:
    """The body as JSON; a packed one need not be read for that. Raises TypeError for what is no JSON."""
    return body.text if isinstance(body, PackedBody) else json.dumps(body).encode()


@lru_cache(maxsize=_READ)
def _read(packed: bytes) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(zlib.decompress(packed))
    return body
