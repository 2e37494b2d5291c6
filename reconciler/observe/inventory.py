"""A target's record as a ConfigMap: an ApplySet parent (KEP-3659) with what we own and how it went.

The text is deterministic, so that equal records give equal bodies and nothing is written for nothing.
Membership truth is the label on the members; this record can be lost, forged or damaged and is then
rebuilt from the labels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.observe.items import (
    decode_condition,
    decode_entry,
    decode_good,
    decode_result,
    decode_run,
    encode_condition,
    encode_entry,
    encode_good,
    encode_result,
    encode_run,
)
from reconciler.observe.pauses import (
    add_bodies,
    decode_backoff,
    decode_mark,
    decode_reversal,
    encode_backoff,
    encode_body,
    encode_mark,
    encode_reversal,
)
from reconciler.observe.texts import (
    Unreadable,
    join_lines,
    pack,
    read_lines,
    read_mapping,
    read_number,
    read_text,
    read_time,
    unpack,
    write_time,
)
from reconciler.render.applyset import applyset_id, parent_name
from reconciler.state.inventory import TargetRecord
from reconciler.state.objects import (
    ENVIRONMENT_LABEL,
    MANAGED_BY_LABEL,
    PREFIX,
    Body,
    LiveObject,
)
from reconciler.state.targets import Target

ID_LABEL = "applyset.kubernetes.io/id"
TOOLING_ANNOTATION = "applyset.kubernetes.io/tooling"
CONTAINS_ANNOTATION = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACE_ANNOTATION = f"{PREFIX}/namespace-uid"
HEARTBEAT_ANNOTATION = f"{PREFIX}/heartbeat"
FENCE_ANNOTATION = f"{PREFIX}/fence"
QUIET_ANNOTATION = f"{PREFIX}/quiet"

TOOLING = "modelsync/v1"
FORMAT = "1"
HISTORY_LENGTH = 20
PLAIN_LIMIT = 200 * 1024
"""Bytes of lists up to which they are kept as text that people can read."""

_LISTS = (
    "inventory",
    "results",
    "conditions",
    "history",
    "good",
    "bodies",
    "backOff",
    "marks",
    "reversals",
)
# What records of an earlier program lack, and what is left out while there is nothing of it.
_OPTIONAL = frozenset({"good", "bodies", "backOff", "marks", "reversals"})


def find_part_of(target: Target) -> str:
    """The ApplySet ID of a target: what its parent is labelled with, and its members as part of."""
    return applyset_id(parent_name(target.environment), target.namespace)


def encode_record(record: TargetRecord, target: Target) -> Body:
    """The ConfigMap's body, with the record's resourceVersion as precondition if it exists already.

    Lists of more than PLAIN_LIMIT bytes together are kept gzipped in `binaryData`, under the same names
    with `.gz`. The history is cut to its newest HISTORY_LENGTH runs.
    """
    good = sorted(record.good, key=lambda item: item.deployment)
    lists = {
        "inventory": join_lines(
            encode_entry(entry) for entry in sorted(record.entries, key=lambda entry: entry.key)
        ),
        "results": join_lines(
            encode_result(result) for result in sorted(record.results, key=lambda r: (r.key, r.action.value))
        ),
        "conditions": join_lines(
            encode_condition(condition) for condition in sorted(record.conditions, key=lambda c: c.type)
        ),
        "history": join_lines(encode_run(run) for run in record.history[-HISTORY_LENGTH:]),
        "good": join_lines(encode_good(item) for item in good),
        "bodies": join_lines(encode_body(item) for item in good if item.body),
        "backOff": join_lines(encode_backoff(item) for item in (record.backoff,) if item is not None),
        "marks": join_lines(
            encode_mark(mark) for mark in sorted(record.marks, key=lambda mark: mark.deployment)
        ),
        "reversals": join_lines(
            encode_reversal(item) for item in sorted(record.reversals, key=lambda r: (r.key, r.manager))
        ),
    }
    lists = {name: text for name, text in lists.items() if text or name not in _OPTIONAL}
    data = {
        "format": FORMAT,
        "attempted": record.attempted,
        "applied": record.applied,
        "appliedAt": write_time(record.applied_at),
        "digest": record.digest,
    }
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(record, target),
        "data": data,
    }
    if sum(len(text.encode()) for text in lists.values()) <= PLAIN_LIMIT:
        data.update(lists)
    else:
        body["binaryData"] = {f"{name}.gz": pack(text) for name, text in lists.items()}
    return body


def decode_record(live: LiveObject | None, target: Target, *, namespace_uid: str = "") -> TargetRecord:
    """The record that the ConfigMap holds; an empty one that does not exist for None.

    A record that carries another ApplySet ID than the target's, another namespace's uid than
    `namespace_uid` (where that is given), or content that cannot be read comes back as `forged`, with
    nothing of it believed.
    """
    if live is None:
        return TargetRecord(namespace_uid=namespace_uid)
    distrusted = TargetRecord(
        exists=True,
        uid=live.uid,
        resource_version=live.resource_version,
        namespace_uid=namespace_uid,
        forged=True,
    )
    if live.labels.get(ID_LABEL) != find_part_of(target):
        return distrusted
    recorded_uid = live.annotations.get(NAMESPACE_ANNOTATION, "")
    if namespace_uid and recorded_uid and recorded_uid != namespace_uid:
        return distrusted
    try:
        return replace(
            _decode_content(live, target),
            exists=True,
            uid=live.uid,
            resource_version=live.resource_version,
            namespace_uid=recorded_uid or namespace_uid,
        )
    except Unreadable:
        return distrusted


def has_same_content(left: TargetRecord, right: TargetRecord, target: Target) -> bool:
    """Whether the two say the same, so that writing one over the other would be for nothing.

    Heartbeat, quiet mark, fence and the ConfigMap's own identity do not count.
    """
    return _content(left, target) == _content(right, target)


def _content(record: TargetRecord, target: Target) -> Body:
    bare = replace(record, heartbeat=None, quiet="", fence=0, uid="", resource_version="")
    return encode_record(bare, target)


def _metadata(record: TargetRecord, target: Target) -> dict[str, Any]:
    annotations = {
        TOOLING_ANNOTATION: TOOLING,
        CONTAINS_ANNOTATION: ",".join(
            # A kind of the core group stands alone, as kubectl writes it.
            sorted({f"{kind.name}.{kind.group}".rstrip(".") for kind in {e.key.kind for e in record.entries}})
        ),
        NAMESPACE_ANNOTATION: record.namespace_uid,
        HEARTBEAT_ANNOTATION: write_time(record.heartbeat),
        FENCE_ANNOTATION: str(record.fence),
    }
    if record.quiet:
        annotations[QUIET_ANNOTATION] = record.quiet
    metadata: dict[str, Any] = {
        "name": parent_name(target.environment),
        "namespace": target.namespace,
        "labels": {
            ID_LABEL: find_part_of(target),
            ENVIRONMENT_LABEL: target.environment,
            MANAGED_BY_LABEL: "modelsync",
        },
        "annotations": annotations,
    }
    if record.resource_version:
        metadata["resourceVersion"] = record.resource_version
    if record.uid:
        metadata["uid"] = record.uid
    return metadata


def _decode_content(live: LiveObject, target: Target) -> TargetRecord:
    data = read_mapping(live.body.get("data") or {})
    if data.get("format") != FORMAT:
        raise Unreadable
    lists = {name: _read_list(live.body, name) for name in _LISTS}
    backoffs = read_lines(lists["backOff"], decode_backoff)
    return TargetRecord(
        entries=read_lines(lists["inventory"], lambda item: decode_entry(item, target)),
        attempted=read_text(data, "attempted"),
        applied=read_text(data, "applied"),
        applied_at=read_time(read_text(data, "appliedAt")),
        digest=read_text(data, "digest"),
        results=read_lines(lists["results"], lambda item: decode_result(item, target)),
        conditions=read_lines(lists["conditions"], decode_condition),
        history=read_lines(lists["history"], decode_run),
        good=add_bodies(read_lines(lists["good"], decode_good), read_lines(lists["bodies"], dict)),
        backoff=backoffs[-1] if backoffs else None,
        marks=read_lines(lists["marks"], decode_mark),
        reversals=read_lines(lists["reversals"], lambda item: decode_reversal(item, target)),
        quiet=live.annotations.get(QUIET_ANNOTATION, ""),
        heartbeat=read_time(live.annotations.get(HEARTBEAT_ANNOTATION, "")),
        fence=read_number(live.annotations.get(FENCE_ANNOTATION, "0")),
    )


def _read_list(body: Body, name: str) -> str:
    packed = read_mapping(body.get("binaryData") or {}).get(f"{name}.gz")
    if packed is not None:
        return unpack(packed)
    data = read_mapping(body.get("data") or {})
    return "" if name in _OPTIONAL and name not in data else read_text(data, name)
