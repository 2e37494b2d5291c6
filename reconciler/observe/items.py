"""What the lists of a record hold, item by item, as plain values and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.observe.texts import Unreadable, read_moment, read_text, read_time, read_typed, write_time
from reconciler.state.inventory import Condition, GoodSet, InventoryEntry, ObjectResult, RunSummary
from reconciler.state.objects import KINDS, Kind, ObjectKey
from reconciler.state.plans import Action
from reconciler.state.shares import Share
from reconciler.state.targets import Target


def encode_entry(entry: InventoryEntry) -> dict[str, Any]:
    """An object that we own or are about to own."""
    return {
        **encode_key(entry.key),
        "deployment": entry.deployment,
        "uid": entry.uid,
        "generation": entry.generation,
        "digest": entry.digest,
        "adopted": entry.adopted,
    }


def decode_entry(item: Mapping[str, Any], target: Target) -> InventoryEntry:
    """The entry of `encode_entry`. Raises Unreadable."""
    return InventoryEntry(
        key=decode_key(item, target),
        deployment=read_text(item, "deployment"),
        uid=read_text(item, "uid"),
        generation=read_typed(item, "generation", int),
        digest=read_text(item, "digest"),
        adopted=read_typed(item, "adopted", bool),
    )


def encode_result(result: ObjectResult) -> dict[str, Any]:
    """What became of an object."""
    return {
        **encode_key(result.key),
        "action": result.action.value,
        "message": result.message,
    }


def decode_result(item: Mapping[str, Any], target: Target) -> ObjectResult:
    """The result of `encode_result`. Raises Unreadable."""
    return ObjectResult(
        key=decode_key(item, target), action=_decode_action(item), message=read_text(item, "message")
    )


def _decode_action(item: Mapping[str, Any]) -> Action:
    try:
        return Action(read_text(item, "action"))
    except ValueError as error:
        raise Unreadable from error


def encode_condition(condition: Condition) -> dict[str, Any]:
    """What is true or not of a target."""
    return {
        "type": condition.type,
        "status": condition.status,
        "reason": condition.reason,
        "message": condition.message,
        "since": write_time(condition.since),
    }


def decode_condition(item: Mapping[str, Any]) -> Condition:
    """The condition of `encode_condition`. Raises Unreadable."""
    return Condition(
        type=read_text(item, "type"),
        status=read_text(item, "status"),
        reason=read_text(item, "reason"),
        message=read_text(item, "message"),
        since=read_time(read_text(item, "since")),
    )


def encode_run(run: RunSummary) -> dict[str, Any]:
    """A line of the history."""
    return {
        "revision": run.revision,
        "finished": write_time(run.finished),
        "outcome": run.outcome,
        "summary": run.summary,
    }


def decode_run(item: Mapping[str, Any]) -> RunSummary:
    """The run of `encode_run`. Raises Unreadable."""
    return RunSummary(
        revision=read_text(item, "revision"),
        finished=read_moment(item.get("finished")),
        outcome=read_typed(item, "outcome", int),
        summary=read_text(item, "summary"),
    )


def encode_good(item: GoodSet) -> dict[str, Any]:
    """The last good set of a deployment, but for its body; shares as short lists, since there are many."""
    return {
        "deployment": item.deployment,
        "model": item.model,
        "revision": item.revision,
        "digest": item.digest,
        "shares": encode_shares(item.shares),
    }


def decode_good(item: Mapping[str, Any]) -> GoodSet:
    """The set of `encode_good`. Raises Unreadable."""
    return GoodSet(
        deployment=read_text(item, "deployment"),
        model=read_text(item, "model"),
        revision=read_text(item, "revision"),
        digest=read_text(item, "digest"),
        shares=decode_shares(item),
    )


def encode_shares(shares: tuple[Share, ...]) -> list[list[str | int]]:
    """Shares as short lists."""
    return [
        [share.predictor, share.version, share.percent, "shadow" if share.shadow else "live"]
        for share in shares
    ]


def decode_shares(item: Mapping[str, Any]) -> tuple[Share, ...]:
    """The shares of `encode_shares`, under `shares`. Raises Unreadable."""
    return tuple(_decode_share(entry) for entry in read_typed(item, "shares", list))


def _decode_share(entry: Any) -> Share:
    match entry:
        case [str(predictor), str(version), int(percent), "live" | "shadow" as role] if not isinstance(
            percent, bool
        ):
            return Share(predictor=predictor, version=version, shadow=role == "shadow", percent=percent)
    raise Unreadable


def encode_key(key: ObjectKey) -> dict[str, Any]:
    """An object's kind and name; its namespace is the record's."""
    return {"apiVersion": key.kind.api_version, "kind": key.kind.name, "name": key.name}


def decode_key(item: Mapping[str, Any], target: Target) -> ObjectKey:
    """The key of `encode_key`, in the target's namespace. Raises Unreadable."""
    return ObjectKey(kind=_decode_kind(item), namespace=target.namespace, name=read_text(item, "name"))


def _decode_kind(item: Mapping[str, Any]) -> Kind:
    for kind in KINDS:
        if item.get("apiVersion") == kind.api_version and item.get("kind") == kind.name:
            return kind
    raise Unreadable
