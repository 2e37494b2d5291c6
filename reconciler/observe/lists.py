"""The lists of a record: as plain items, as lines that people can read, and packed where there are many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from reconciler.observe.figures import encode_deployments, encode_figures, encode_standing
from reconciler.observe.items import (
    encode_condition,
    encode_entry,
    encode_good,
    encode_result,
    encode_run,
)
from reconciler.observe.memories import encode_earlier, encode_policy
from reconciler.observe.pauses import encode_backoff, encode_body, encode_mark, encode_reversal
from reconciler.observe.texts import (
    join_columns,
    join_lines,
    pack,
    read_columns,
    read_lines,
    read_mapping,
    read_text,
    unpack,
)
from reconciler.state.inventory import TargetRecord
from reconciler.state.objects import Body

T = TypeVar("T")

Lists = Mapping[str, list[dict[str, Any]]]
"""Items by the name of their list; those of one list have the same keys in the same order."""

Written = tuple[dict[str, str], dict[str, str]]
"""A ConfigMap's `data` and `binaryData`."""

PACKED = ".columns.gz"
HISTORY_LENGTH = 20
PLAIN_LIMIT = 200 * 1024
"""Bytes of lists up to which they are kept as text that people can read."""

# What records of an earlier program lack, and what is left out while there is nothing of it.
_OPTIONAL = frozenset(
    {
        "policies",
        "good",
        "earlier",
        "bodies",
        "before",
        "backOff",
        "marks",
        "reversals",
        "figures",
        "standing",
        "deployments",
    }
)


def list_items(record: TargetRecord) -> Lists:
    """All lists of the record, sorted; the history is cut to its newest HISTORY_LENGTH runs."""
    good = sorted(record.good, key=lambda item: item.deployment)
    results = sorted(record.results, key=lambda result: (result.key, result.action.value))
    reversals = sorted(record.reversals, key=lambda item: (item.key, item.manager))
    entries = sorted(record.entries, key=lambda entry: entry.key)
    standing = record.standing
    return {
        "inventory": [encode_entry(item) for item in entries],
        "policies": [encode_policy(item) for item in entries if item.policy],
        "results": [encode_result(item) for item in results],
        "conditions": [encode_condition(item) for item in sorted(record.conditions, key=lambda c: c.type)],
        "history": [encode_run(run) for run in record.history[-HISTORY_LENGTH:]],
        "good": [encode_good(item) for item in good],
        "earlier": [encode_earlier(item) for item in good if item.earlier],
        "bodies": [encode_body(item) for item in good if item.body],
        "before": [
            {**encode_good(item), **encode_body(item)}
            for item in sorted(record.before, key=lambda item: item.deployment)
        ],
        "backOff": [encode_backoff(record.backoff)] if record.backoff is not None else [],
        "marks": [encode_mark(mark) for mark in sorted(record.marks, key=lambda mark: mark.deployment)],
        "reversals": [encode_reversal(item) for item in reversals],
        "figures": [encode_figures(record.figures)] if record.figures is not None else [],
        "standing": [encode_standing(standing)] if standing is not None else [],
        "deployments": list(encode_deployments(standing.deployments, record.good)) if standing else [],
    }


def write_lists(lists: Lists) -> Written:
    """The lists as lines under their names, or as columns, gzipped.

    Lists of more than PLAIN_LIMIT bytes together are packed, see `pack_lists`.
    """
    kept = _leave_out_empty(lists)
    lines = {name: join_lines(items) for name, items in kept.items()}
    if sum(len(text.encode()) for text in lines.values()) <= PLAIN_LIMIT:
        return lines, {}
    return {}, pack_lists(kept)


def pack_lists(lists: Lists) -> dict[str, str]:
    """The lists as columns, gzipped, under their names with PACKED behind."""
    return {f"{name}{PACKED}": pack(join_columns(items)) for name, items in _leave_out_empty(lists).items()}


def _leave_out_empty(lists: Lists) -> Lists:
    return {name: items for name, items in lists.items() if items or name not in _OPTIONAL}


def read_list(body: Body, name: str, decode: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    """The items of one list, in whatever form the ConfigMap has it. Raises Unreadable."""
    packed = read_mapping(body.get("binaryData") or {})
    if f"{name}{PACKED}" in packed:
        return read_columns(unpack(packed[f"{name}{PACKED}"]), decode)
    if f"{name}.gz" in packed:
        # Lines, gzipped: as earlier programs packed them.
        return read_lines(unpack(packed[f"{name}.gz"]), decode)
    data = read_mapping(body.get("data") or {})
    if name in _OPTIONAL and name not in data:
        return ()
    return read_lines(read_text(data, name), decode)
