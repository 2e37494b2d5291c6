"""A target's record as a ConfigMap: an ApplySet parent (KEP-3659) with what we own and how it went.

The text is deterministic, so that equal records give equal bodies and nothing is written for nothing.
Membership truth is the label on the members; this record can be lost, forged or damaged and is then
rebuilt from the labels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.observe.budget import write_fitting
from reconciler.observe.figures import (
    decode_deployments,
    decode_failure,
    decode_figures,
    decode_standing,
    encode_failure,
)
from reconciler.observe.items import (
    decode_condition,
    decode_entry,
    decode_good,
    decode_result,
    decode_run,
)
from reconciler.observe.lists import list_items, read_list
from reconciler.observe.memories import add_earlier, add_policies, decode_policy
from reconciler.observe.pauses import add_bodies, decode_backoff, decode_before, decode_mark, decode_reversal
from reconciler.observe.texts import (
    Unreadable,
    join_lines,
    read_lines,
    read_mapping,
    read_number,
    read_text,
    read_time,
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
FAILURE_ANNOTATION = f"{PREFIX}/failure"

TOOLING = "modelsync/v1"
FORMAT = "1"

_MOST_FENCE = 2**30
"""More than a Lease ever changes hands. The next one counts on from it, in 32 bits with a sign: from the end
of these no run could ever take the Lease again."""


def find_part_of(target: Target) -> str:
    """The ApplySet ID of a target: what its parent is labelled with, and its members as part of."""
    return applyset_id(parent_name(target.environment), target.namespace)


def encode_record(record: TargetRecord, target: Target) -> Body:
    """The ConfigMap's body, with the record's resourceVersion as precondition if it exists already.

    Where there are many objects the lists are packed; what has no room is left out, and a condition says so.
    """
    data, packed = write_fitting(list_items(record))
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(record, target),
        "data": {
            "format": FORMAT,
            "attempted": record.attempted,
            "applied": record.applied,
            "appliedAt": write_time(record.applied_at),
            "digest": record.digest,
            **data,
        },
    }
    if packed:
        body["binaryData"] = packed
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

    Heartbeat, quiet mark, a run's numbers, fence and the ConfigMap's own identity do not count.
    """
    one, other = _bare(left), _bare(right)
    # Equal values have equal texts, which take far longer to write where there are many objects.
    return one == other or encode_record(one, target) == encode_record(other, target)


def _bare(record: TargetRecord) -> TargetRecord:
    return replace(record, heartbeat=None, quiet="", figures=None, fence=0, uid="", resource_version="")


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
    if record.failure is not None:
        # Beside the heartbeat, since a run that came to nothing holds no Lease.
        annotations[FAILURE_ANNOTATION] = join_lines([encode_failure(record.failure)]).rstrip()
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
    backoffs = read_list(live.body, "backOff", decode_backoff)
    entries = read_list(live.body, "inventory", lambda item: decode_entry(item, target))
    policies = read_list(live.body, "policies", lambda item: decode_policy(item, target))
    good = add_bodies(read_list(live.body, "good", decode_good), read_list(live.body, "bodies", dict))
    good = add_earlier(good, read_list(live.body, "earlier", dict))
    figures = read_list(live.body, "figures", decode_figures)
    standings = read_list(live.body, "standing", decode_standing)
    deployments = decode_deployments(read_list(live.body, "deployments", dict), good)
    failures = read_lines(live.annotations.get(FAILURE_ANNOTATION, ""), decode_failure)
    return TargetRecord(
        entries=add_policies(entries, policies),
        attempted=read_text(data, "attempted"),
        applied=read_text(data, "applied"),
        applied_at=read_time(read_text(data, "appliedAt")),
        digest=read_text(data, "digest"),
        results=read_list(live.body, "results", lambda item: decode_result(item, target)),
        conditions=read_list(live.body, "conditions", decode_condition),
        history=read_list(live.body, "history", decode_run),
        good=good,
        before=read_list(live.body, "before", decode_before),
        backoff=backoffs[-1] if backoffs else None,
        marks=read_list(live.body, "marks", decode_mark),
        reversals=read_list(live.body, "reversals", lambda item: decode_reversal(item, target)),
        heartbeat=read_time(live.annotations.get(HEARTBEAT_ANNOTATION, "")),
        fence=read_number(live.annotations.get(FENCE_ANNOTATION, "0"), _MOST_FENCE),
        quiet=live.annotations.get(QUIET_ANNOTATION, ""),
        figures=figures[-1] if figures else None,
        standing=replace(standings[-1], deployments=deployments) if standings else None,
        failure=failures[-1] if failures else None,
    )
