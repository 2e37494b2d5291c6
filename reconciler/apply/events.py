"""Kubernetes Events for what a run did and how it ended, so that `kubectl describe` tells it. Best effort."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from reconciler.apply.parallel import run_parallel
from reconciler.clients.cluster.interface import PARALLEL, AlreadyExists, Cluster, ClusterError
from reconciler.clients.cluster.kinds import CONFIG_MAP, EVENT
from reconciler.render.applyset import parent_name
from reconciler.state.inventory import ObjectResult, TargetRecord
from reconciler.state.objects import Body, ObjectKey
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action
from reconciler.state.targets import Target

_COMPONENT = "modelsync"
# Objects told one by one. Where a run changes more, only what is to be warned of is, and all else together: a
# large run stays quick, and what somebody should look at is not lost among the rest.
_LIMIT = 10
_MESSAGE_LIMIT = 1024  # bytes, of the API server

_TOLD: Mapping[Action, str] = {
    Action.CREATED: "Normal",
    Action.CONFIGURED: "Normal",
    Action.DELETED: "Normal",
    Action.SKIPPED: "Warning",
    Action.FAILED: "Warning",
}

_ENDINGS: Mapping[Outcome, str] = {
    Outcome.FINDINGS: "NotEqual",
    Outcome.CONFIGURATION: "Misconfigured",
    Outcome.UNDECIDED: "Undecided",
    Outcome.REFUSED: "Refused",
    Outcome.UNHEALTHY: "Unhealthy",
    Outcome.DEFECT: "Defect",
    Outcome.INTERRUPTED: "Interrupted",
}
"""An Event's reason for each end that somebody should look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run of a target ended, and why in one line."""

    outcome: Outcome
    message: str


def record_events(
    cluster: Cluster,
    target: Target,
    *,
    results: tuple[ObjectResult, ...],
    record: TargetRecord,
    revision: str,
    now: datetime,
    author: str = "",
    ending: Ending | None = None,
    held: frozenset[ObjectKey] = frozenset(),
) -> tuple[str, ...]:
    """Write an Event for each object that a run changed, skipped or failed on, and one for a bad end.

    The one for the end is on the target's record. Notes say what could not be written. An Event's name
    follows from what it says, so that a run that says the same again adds none.
    """
    bodies = list_events(
        target,
        results=results,
        record=record,
        revision=revision,
        now=now,
        author=author,
        ending=ending,
        held=held,
    )
    failed: list[ClusterError] = []

    def write(body: Body) -> ClusterError | None:
        try:
            cluster.writer.create(EVENT, target.namespace, body)
        except AlreadyExists:
            return None
        except ClusterError as error:
            return error
        return None

    for _, error in run_parallel(tuple(bodies), write, limit=PARALLEL, go_on=lambda: not failed):
        if error is not None:
            failed.append(error)
    return tuple(
        f"Kubernetes Events could not be written; the run itself is not affected: {error}"
        for error in failed[:1]
    )


def list_events(
    target: Target,
    *,
    results: tuple[ObjectResult, ...],
    record: TargetRecord,
    revision: str,
    now: datetime,
    author: str = "",
    ending: Ending | None = None,
    held: frozenset[ObjectKey] = frozenset(),
) -> Iterator[Body]:
    """The Events of `record_events`; none without a cause. Pure.

    `author` is who made the commit of `revision`, which is empty where the run ended before it knew one.
    `held` are the objects that were skipped because people said so: nothing to warn of. What is to be warned
    of comes first, so that it is told one by one however much else was done.
    """
    draft = _Draft(target=target, commit=_name_commit(revision, author), now=now)
    told = [result for result in results if result.action in _TOLD]
    types = {result.key: "Normal" if result.key in held else _TOLD[result.action] for result in told}
    told.sort(key=lambda result: types[result.key] != "Warning")
    entries = {entry.key: entry for entry in record.entries}
    single = [result for result in told if types[result.key] == "Warning"] if len(told) > _LIMIT else told
    for result in single[:_LIMIT]:
        entry = entries.get(result.key)
        uid, generation = (entry.uid, entry.generation) if entry is not None else ("", 0)
        yield draft.write(
            result.key,
            uid,
            type_=types[result.key],
            reason=result.action.value.capitalize(),
            message=_join(f"{result.action.value} by {draft.commit}", result.message),
            # An object that was edited and healed again has moved on, and is told again.
            seed=(uid, str(generation), revision, result.action.value, result.message),
        )
    parent = ObjectKey(kind=CONFIG_MAP, namespace=target.namespace, name=parent_name(target.environment))
    if rest := told[len(single[:_LIMIT]) :]:
        yield _write_rest(draft, parent, rest, record, revision, alone=len(rest) == len(told))
    if ending is not None and ending.outcome in _ENDINGS:
        reason = _ENDINGS[ending.outcome]
        code = f"exit code {int(ending.outcome)}"
        said = f"{code} at {draft.commit}" if revision else code
        yield draft.write(
            parent,
            record.uid,
            type_="Warning",
            reason=reason,
            message=_join(said, ending.message),
            seed=(record.uid, revision, reason, ending.message),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """What all Events of one run have in common."""

    target: Target
    commit: str
    now: datetime

    def write(
        self, key: ObjectKey, uid: str, *, type_: str, reason: str, message: str, seed: tuple[str, ...]
    ) -> Body:
        """One Event; `seed` is what makes it another one than those before."""
        suffix = hashlib.sha256("\0".join(seed).encode()).hexdigest()[:16]
        time = self.now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        involved: dict[str, Any] = {
            "apiVersion": key.kind.api_version,
            "kind": key.kind.name,
            "namespace": key.namespace,
            "name": key.name,
        }
        if uid:
            involved["uid"] = uid
        return {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.name,
            "metadata": {"name": f"{key.name[:230]}.{suffix}", "namespace": self.target.namespace},
            "involvedObject": involved,
            "type": type_,
            "reason": reason,
            "message": message.encode()[:_MESSAGE_LIMIT].decode(errors="ignore"),
            "source": {"component": _COMPONENT},
            "reportingComponent": _COMPONENT,
            "reportingInstance": self.target.field_manager,
            "firstTimestamp": time,
            "lastTimestamp": time,
            "count": 1,
        }


def _write_rest(
    draft: _Draft,
    parent: ObjectKey,
    rest: list[ObjectResult],
    record: TargetRecord,
    revision: str,
    *,
    alone: bool,
) -> Body:
    """One Event on the target's record for all objects that have none; `alone` if no object has one."""
    failed = any(_TOLD[result.action] == "Warning" for result in rest)
    counts = ", ".join(
        f"{sum(result.action is action for result in rest)} {action.value}"
        for action in _TOLD
        if any(result.action is action for result in rest)
    )
    action = Action.FAILED if failed else Action.CONFIGURED
    return draft.write(
        parent,
        record.uid,
        type_=_TOLD[action],
        reason=action.value.capitalize(),
        message=f"{action.value} by {draft.commit}: {len(rest)} {'objects' if alone else 'more'}: {counts}",
        seed=(record.uid, revision, *(f"{result.key} {result.action.value}" for result in rest)),
    )


def _name_commit(revision: str, author: str) -> str:
    """`main@sha1:4be2a91… (Ann Lee)`."""
    return f"{revision} ({author})" if author else revision


def _join(said: str, more: str) -> str:
    return f"{said}: {more}" if more else said
