"""What a record leaves out where a ConfigMap has no room for it. Pure, and equal for equal records."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from reconciler.observe.items import encode_condition
from reconciler.observe.lists import PACKED, Lists, Written, pack_lists, write_lists
from reconciler.state.inventory import Condition

BUDGET = 1000 * 1024
"""Bytes of lists that a record may hold: what the API server takes of a ConfigMap (1 MiB of values), less
room for what is no list."""

INCOMPLETE = "RecordComplete"
"""The type of the condition that says what was left out; there is none while nothing is."""

_SHORT = 120  # characters of a message where messages have to be short


def write_fitting(lists: Lists, budget: int = BUDGET) -> Written:
    """The lists as they fit, and a condition that says what was left out.

    Manifests of good sets go first: without them one can still go back through git. Then history, but for its
    newest run, and what is only counted or compared; then the ends of long messages, the messages' objects,
    and the good sets. The inventory always stays whole: where it does not fit alone, the API server refuses
    the record and so the run, before it writes anything.
    """
    written = write_lists(lists)
    before = lists
    for fewer in _shrink(lists):
        if measure_written(written) <= budget:
            break
        # Most lists stay as they were, and packing them takes the time.
        moved = {name: items for name, items in fewer.items() if items is not before[name]}
        kept = {f"{name}{PACKED}" for name in fewer.keys() - moved.keys()}
        old = {key: text for key, text in written[1].items() if key in kept}
        written = {}, old | pack_lists(moved)
        before = fewer
    return written


def measure_written(written: Written) -> int:
    """Bytes of a ConfigMap, as the API server counts them: what is packed counts as it is unpacked from
    base64."""
    data, packed = written
    return sum(len(text.encode()) for text in data.values()) + sum(
        len(base64.b64decode(text)) for text in packed.values()
    )


def _shrink(lists: Lists) -> Iterator[Lists]:
    """The lists with less and less in them."""
    lost: list[str] = []
    short = dict(lists)
    for name, words in (("before", "earlier good sets"), ("bodies", "bodies of good sets")):
        whole = short[name]
        while short[name]:
            short[name] = short[name][: len(short[name]) // 2]
            yield _tell(short, *lost, f"{len(whole) - len(short[name])} of {len(whole)} {words}")
        if whole:
            lost.append(f"all {words}")
    none: list[dict[str, Any]] = []
    short |= {"history": lists["history"][-1:], "earlier": none, "reversals": none}
    # Without the deployments that are not as their good sets the rest would say that all are.
    short |= {"figures": none, "standing": none, "deployments": none}
    lost.append("history but for its newest run, numbers for metrics")
    yield _tell(short, *lost)
    for name in ("results", "conditions"):
        short[name] = [{**item, "message": item["message"][:_SHORT]} for item in short[name]]
    yield _tell(short, *lost, "the ends of long messages")
    lost.append("results")
    yield _tell({**short, "results": none}, *lost)
    yield _tell({**short, "results": none, "good": none}, *lost, "good sets")


def _tell(lists: Lists, *lost: str) -> Lists:
    said = Condition(
        type=INCOMPLETE,
        status="False",
        reason="NoRoom",
        message=f"a ConfigMap has no room for: {', '.join(lost)}",
    )
    others = [item for item in lists["conditions"] if item["type"] != INCOMPLETE]
    conditions = sorted([*others, encode_condition(said)], key=lambda item: str(item["type"]))
    return {**lists, "conditions": conditions}
