"""What a record leaves out where a ConfigMap has no room for it. Pure, and equal for equal records."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from reconciler.observe.items import encode_condition
from reconciler.observe.lists import Lists, Written, write_lists
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
    newest run, then the ends of long messages. The inventory always stays whole: where it does not fit
    alone, the API server refuses the record and so the run, before it writes anything.
    """
    written = write_lists(lists)
    for fewer in _shrink(lists):
        if measure_written(written) <= budget:
            break
        written = write_lists(fewer)
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
    short |= {"earlier": [], "history": lists["history"][-1:]}
    lost.append("history but for its newest run")
    yield _tell(short, *lost)
    for name in ("results", "conditions"):
        short[name] = [{**item, "message": item["message"][:_SHORT]} for item in short[name]]
    yield _tell(short, *lost, "the ends of long messages")


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
