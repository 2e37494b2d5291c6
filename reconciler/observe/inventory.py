"""A target's record as a ConfigMap: an ApplySet parent (KEP-3659) with what we own and how it went.

The text is deterministic, so that equal records give equal bodies and nothing is written for nothing.
Membership truth is the label on the members; this record can be lost, forged or damaged and is then
rebuilt from the labels.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, TypeVar

from reconciler.render.applyset import applyset_id, parent_name
from reconciler.state.inventory import Condition, InventoryEntry, ObjectResult, RunSummary, TargetRecord
from reconciler.state.objects import (
    ENVIRONMENT_LABEL,
    KINDS,
    MANAGED_BY_LABEL,
    PREFIX,
    Body,
    Kind,
    LiveObject,
    ObjectKey,
)
from reconciler.state.plans import Action
from reconciler.state.targets import Target

T = TypeVar("T")

ID_LABEL = "applyset.kubernetes.io/id"
TOOLING_ANNOTATION = "applyset.kubernetes.io/tooling"
CONTAINS_ANNOTATION = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACE_ANNOTATION = f"{PREFIX}/namespace-uid"
HEARTBEAT_ANNOTATION = f"{PREFIX}/heartbeat"
FENCE_ANNOTATION = f"{PREFIX}/fence"

TOOLING = "modelsync/v1"
FORMAT = "1"
HISTORY_LENGTH = 20
PLAIN_LIMIT = 200 * 1024
"""Bytes of lists up to which they are kept as text that people can read."""

_UNPACKED_LIMIT = 64 * 1024 * 1024
_LISTS = ("inventory", "results", "conditions", "history")


class _Unreadable(Exception):
    """The ConfigMap holds something that this program did not write."""


def find_part_of(target: Target) -> str:
    """The ApplySet ID of a target: what its parent is labelled with, and its members as part of."""
    return applyset_id(parent_name(target.environment), target.namespace)


def encode_record(record: TargetRecord, target: Target) -> Body:
    """The ConfigMap's body, with the record's resourceVersion as precondition if it exists already.

    Lists of more than PLAIN_LIMIT bytes together are kept gzipped in `binaryData`, under the same names
    with `.gz`. The history is cut to its newest HISTORY_LENGTH runs.
    """
    lists = {
        "inventory": _lines(_encode_entry(entry) for entry in sorted(record.entries, key=lambda e: e.key)),
        "results": _lines(
            _encode_result(result) for result in sorted(record.results, key=lambda r: (r.key, r.action.value))
        ),
        "conditions": _lines(
            _encode_condition(condition) for condition in sorted(record.conditions, key=lambda c: c.type)
        ),
        "history": _lines(_encode_run(run) for run in record.history[-HISTORY_LENGTH:]),
    }
    data = {
        "format": FORMAT,
        "attempted": record.attempted,
        "applied": record.applied,
        "appliedAt": _encode_time(record.applied_at),
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
        body["binaryData"] = {f"{name}.gz": _pack(text) for name, text in lists.items()}
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
    except _Unreadable:
        return distrusted


def has_same_content(left: TargetRecord, right: TargetRecord, target: Target) -> bool:
    """Whether the two say the same, so that writing one over the other would be for nothing.

    Heartbeat, fence and the ConfigMap's own identity do not count.
    """
    return _content(left, target) == _content(right, target)


def _content(record: TargetRecord, target: Target) -> Body:
    bare = replace(record, heartbeat=None, fence=0, uid="", resource_version="")
    return encode_record(bare, target)


def _metadata(record: TargetRecord, target: Target) -> dict[str, Any]:
    annotations = {
        TOOLING_ANNOTATION: TOOLING,
        CONTAINS_ANNOTATION: ",".join(
            sorted({f"{entry.key.kind.name}.{entry.key.kind.group}" for entry in record.entries})
        ),
        NAMESPACE_ANNOTATION: record.namespace_uid,
        HEARTBEAT_ANNOTATION: _encode_time(record.heartbeat),
        FENCE_ANNOTATION: str(record.fence),
    }
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
    data = _mapping(live.body.get("data") or {})
    if data.get("format") != FORMAT:
        raise _Unreadable
    lists = {name: _read_list(live.body, name) for name in _LISTS}
    return TargetRecord(
        entries=_decode_lines(lists["inventory"], lambda item: _decode_entry(item, target)),
        attempted=_text(data, "attempted"),
        applied=_text(data, "applied"),
        applied_at=_decode_time(_text(data, "appliedAt")),
        digest=_text(data, "digest"),
        results=_decode_lines(lists["results"], lambda item: _decode_result(item, target)),
        conditions=_decode_lines(lists["conditions"], _decode_condition),
        history=_decode_lines(lists["history"], _decode_run),
        heartbeat=_decode_time(live.annotations.get(HEARTBEAT_ANNOTATION, "")),
        fence=_decode_number(live.annotations.get(FENCE_ANNOTATION, "0")),
    )


def _encode_entry(entry: InventoryEntry) -> dict[str, Any]:
    return {
        "apiVersion": entry.key.kind.api_version,
        "kind": entry.key.kind.name,
        "name": entry.key.name,
        "deployment": entry.deployment,
        "uid": entry.uid,
        "generation": entry.generation,
        "digest": entry.digest,
        "adopted": entry.adopted,
    }


def _decode_entry(item: Mapping[str, Any], target: Target) -> InventoryEntry:
    return InventoryEntry(
        key=_decode_key(item, target),
        deployment=_text(item, "deployment"),
        uid=_text(item, "uid"),
        generation=_typed(item, "generation", int),
        digest=_text(item, "digest"),
        adopted=_typed(item, "adopted", bool),
    )


def _encode_result(result: ObjectResult) -> dict[str, Any]:
    return {
        "apiVersion": result.key.kind.api_version,
        "kind": result.key.kind.name,
        "name": result.key.name,
        "action": result.action.value,
        "message": result.message,
    }


def _decode_result(item: Mapping[str, Any], target: Target) -> ObjectResult:
    return ObjectResult(
        key=_decode_key(item, target), action=_decode_action(item), message=_text(item, "message")
    )


def _decode_action(item: Mapping[str, Any]) -> Action:
    try:
        return Action(_text(item, "action"))
    except ValueError as error:
        raise _Unreadable from error


def _encode_condition(condition: Condition) -> dict[str, Any]:
    return {
        "type": condition.type,
        "status": condition.status,
        "reason": condition.reason,
        "message": condition.message,
        "since": _encode_time(condition.since),
    }


def _decode_condition(item: Mapping[str, Any]) -> Condition:
    return Condition(
        type=_text(item, "type"),
        status=_text(item, "status"),
        reason=_text(item, "reason"),
        message=_text(item, "message"),
        since=_decode_time(_text(item, "since")),
    )


def _encode_run(run: RunSummary) -> dict[str, Any]:
    return {
        "revision": run.revision,
        "finished": _encode_time(run.finished),
        "outcome": run.outcome,
        "summary": run.summary,
    }


def _decode_run(item: Mapping[str, Any]) -> RunSummary:
    finished = _decode_time(_text(item, "finished"))
    if finished is None:
        raise _Unreadable
    return RunSummary(
        revision=_text(item, "revision"),
        finished=finished,
        outcome=_typed(item, "outcome", int),
        summary=_text(item, "summary"),
    )


def _decode_key(item: Mapping[str, Any], target: Target) -> ObjectKey:
    return ObjectKey(kind=_decode_kind(item), namespace=target.namespace, name=_text(item, "name"))


def _decode_kind(item: Mapping[str, Any]) -> Kind:
    for kind in KINDS:
        if item.get("apiVersion") == kind.api_version and item.get("kind") == kind.name:
            return kind
    raise _Unreadable


def _lines(items: Iterable[Mapping[str, Any]]) -> str:
    return "".join(f"{json.dumps(item, separators=(',', ':'), ensure_ascii=False)}\n" for item in items)


def _decode_lines(text: str, decode: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    try:
        items = [json.loads(line) for line in text.split("\n") if line]
    except (ValueError, RecursionError) as error:
        raise _Unreadable from error
    return tuple(decode(_mapping(item)) for item in items)


def _read_list(body: Body, name: str) -> str:
    packed = _mapping(body.get("binaryData") or {}).get(f"{name}.gz")
    if packed is not None:
        return _unpack(packed)
    return _text(_mapping(body.get("data") or {}), name)


def _pack(text: str) -> str:
    # A fixed time keeps equal texts equal when packed.
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _unpack(packed: Any) -> str:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(base64.b64decode(packed, validate=True))) as file:
            content = file.read(_UNPACKED_LIMIT + 1)
        if len(content) > _UNPACKED_LIMIT:
            raise _Unreadable
        return content.decode()
    except (binascii.Error, zlib.error, TypeError, ValueError, OSError, EOFError) as error:
        raise _Unreadable from error


def _encode_time(time: datetime | None) -> str:
    return time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if time else ""


def _decode_time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError as error:
        raise _Unreadable from error


def _decode_number(text: str) -> int:
    if not text.isdecimal():
        raise _Unreadable
    return int(text)


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _Unreadable
    return value


def _text(item: Mapping[str, Any], key: str) -> str:
    return _typed(item, key, str)


def _typed(item: Mapping[str, Any], key: str, type_: type[T]) -> T:
    value = item.get(key)
    # True is an int to Python, never to us.
    if not isinstance(value, type_) or isinstance(value, bool) is not (type_ is bool):
        raise _Unreadable
    return value
