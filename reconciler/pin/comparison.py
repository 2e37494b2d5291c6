"""What moved between a record and the facts of today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.state.declarations import VersionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One fact that is not what the record says.

    `path` leads to it in the record; `recorded` and `found` are both sides, None where that side has none.
    Under `evidence` it is advice, elsewhere an error: the version is not the one that was reviewed.
    """

    path: tuple[str, ...]
    recorded: Any
    found: Any

    @property
    def is_error(self) -> bool:
        return self.path[0] != "evidence"

    @property
    def field(self) -> str:
        """The path as people read it: `identity.files[model.pkl].sha256`."""
        text = ""
        for part in self.path:
            text += f"[{part}]" if "." in part or "/" in part else f".{part}" if text else part
        return text


def compare(recorded: VersionRecord, found: VersionRecord) -> tuple[Moved, ...]:
    """All facts that differ, in the record's order."""
    return tuple(_differ((), dump(recorded), dump(found)))


def dump(record: VersionRecord) -> Mapping[str, Any]:
    """A record as plain values, keys as in its file, without what it does not say."""
    values: Mapping[str, Any] = record.model_dump(mode="python", by_alias=True, exclude_none=True)
    return values


def _differ(path: tuple[str, ...], recorded: Any, found: Any) -> Iterator[Moved]:
    if isinstance(recorded, Mapping) and isinstance(found, Mapping):
        keys = dict.fromkeys((*recorded, *found))
        for key in keys:
            yield from _differ((*path, str(key)), recorded.get(key), found.get(key))
    elif not _is_same(recorded, found):
        yield Moved(path=path, recorded=recorded, found=found)


def _is_same(recorded: Any, found: Any) -> bool:
    # To Python 1, 1.0 and True are equal; to somebody who reviews a record, a truth is no number.
    return isinstance(recorded, bool) is isinstance(found, bool) and bool(recorded == found)
