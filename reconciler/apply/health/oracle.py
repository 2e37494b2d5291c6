"""The verdict on a SeldonDeployment and each of its variants, from the Deployments that it calls for. Pure.

`status.state` alone is never believed. What is believed are the Deployments: their names follow from the
spec, they carry their own observed generation and the form of what they run. A variant that is not ready
within its declared start-up has failed, whether the cluster says so or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reconciler.apply.health.operator import (
    find_error,
    find_loop,
    find_routing_lack,
    is_forgotten,
    read_state,
    say_error,
    say_state,
)
from reconciler.apply.health.times import find_deletion_time, find_edit_time, latest
from reconciler.apply.health.wanted import DEFAULT_STARTUP, Wanted, find_startup, find_wanted
from reconciler.apply.health.workloads import Verdict, judge_workload, say_late
from reconciler.observe.closeup import Closeup
from reconciler.state.objects import SELDON_DEPLOYMENT, LiveObject, Manifest
from reconciler.state.observations import Health, HealthWord, Observation, VariantHealth
from reconciler.state.routes import DeploymentRoutes, Routes

# The cluster's times are whole seconds.
_ROUNDING = timedelta(seconds=1)
# The worst first.
_ORDER = (HealthWord.FAILED, HealthWord.IN_PROGRESS, HealthWord.CURRENT)


def assess_all(
    manifests: tuple[Manifest, ...],
    observation: Observation,
    *,
    now: datetime,
    closeup: Closeup | None = None,
    routes: Routes | None = None,
) -> tuple[Health, ...]:
    """The health of each declared object, in the manifests' order.

    `closeup` adds reasons, `routes` the proof that shares were taken up; without them the words are the same
    but that an edit of shares alone is taken to have been seen.
    """
    live = {item.key: item for item in observation.objects}
    owned = _group_by_owner(observation.workloads)
    return tuple(
        assess(
            live[manifest.key],
            owned.get(live[manifest.key].uid, ()),
            now=now,
            closeup=closeup,
            routes=routes.find(manifest.key.name) if routes is not None else None,
        )
        if manifest.key in live
        else Health(key=manifest.key, word=HealthWord.NOT_FOUND, reason="not in the cluster")
        for manifest in manifests
    )


def assess(
    live: LiveObject,
    workloads: tuple[LiveObject, ...],
    *,
    now: datetime,
    closeup: Closeup | None = None,
    routes: DeploymentRoutes | None = None,
) -> Health:
    """The health of one live SeldonDeployment; `workloads` are Deployments of its namespace.

    Current only when each Deployment that its spec calls for exists, has been seen by its controller in its
    present form and is complete, no other one is left, the operator says Available, and the routes, where
    they are known, say what the spec says. Failed when such a Deployment gave up, when a variant is not ready
    within its start-up, or when the operator stands before an error. InProgress otherwise, with the reason.
    """
    if live.deleting:
        return Health(key=live.key, word=HealthWord.TERMINATING, reason=_say_deleting(live))
    if live.key.kind != SELDON_DEPLOYMENT:
        # An organisation manifest is there or not: what others make of it is theirs to tell.
        return Health(key=live.key, word=HealthWord.CURRENT)
    children = {item.key.name: item for item in workloads if _is_owned_by(item, live.uid)}
    parts = find_wanted(live)
    judged = tuple(_judge_variant(live, children, part, closeup, now) for part in parts)
    variants = tuple(item.health for item in judged)
    rest = _judge_rest(live, children, judged, routes, now)
    word = min((rest.word, *(item.word for item in variants)), key=_ORDER.index)
    since = [rest.since] if rest.word is word else []
    since += [item.since for item in variants if item.word is word]
    reasons = [f"{item.predictor}: {item.reason}" for item in variants if item.word is word and item.reason]
    if rest.reason and rest.word is word and not read_state(live):
        # Then nothing else can be expected.
        reasons = [rest.reason]
    elif rest.reason and read_state(live):
        # An error that is believed is the cause; any other word of the operator only goes with the rest.
        reasons.insert(0 if rest.word is HealthWord.FAILED else len(reasons), rest.reason)
    return Health(
        key=live.key,
        word=word,
        reason="" if word is HealthWord.CURRENT else "; ".join(reasons),
        variants=variants,
        since=latest(*since),
        notes=(*_find_loops(live, children, parts, now), *_name_forgotten(live, children, judged)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A variant's health, the names that its Deployments may have, and its start-up in seconds."""

    health: VariantHealth
    names: frozenset[str]
    startup: int


def _judge_variant(
    live: LiveObject,
    children: Mapping[str, LiveObject],
    part: tuple[Mapping[str, Any], tuple[Wanted, ...]],
    closeup: Closeup | None,
    now: datetime,
) -> _Judged:
    predictor, wanted = part
    verdicts = [
        _hold_to(
            judge_workload(item, _find_child(children, item), live, predictor, closeup, now),
            item.startup,
            now,
        )
        for item in wanted
    ]
    worst = min((_ORDER.index(verdict.word) for verdict in verdicts), default=0)
    chosen = [verdict for verdict in verdicts if _ORDER.index(verdict.word) == worst]
    return _Judged(
        health=VariantHealth(
            predictor=str(predictor.get("name", "")),
            # A predictor that calls for no Deployment at all can never answer.
            word=_ORDER[worst],
            reason="; ".join(verdict.reason for verdict in chosen if verdict.reason)
            or ("" if verdicts else "its spec has no container to run"),
            since=latest(*(verdict.since for verdict in chosen)),
        ),
        names=frozenset(name for item in wanted for name in item.names),
        startup=find_startup(predictor),
    )


def _judge_rest(
    live: LiveObject,
    children: Mapping[str, LiveObject],
    judged: tuple[_Judged, ...],
    routes: DeploymentRoutes | None,
    now: datetime,
) -> Verdict:
    """What concerns no variant alone."""
    if error := find_error(live, now):
        return Verdict(word=HealthWord.FAILED, reason=error)
    ready = all(item.health.word is HealthWord.CURRENT for item in judged)
    state = read_state(live)
    edited = find_edit_time(live.body)
    settled = latest(edited, *(item.health.since for item in judged))
    if not state:
        lack, since = "the Seldon operator has not answered yet", edited
    elif not ready:
        return Verdict(word=HealthWord.IN_PROGRESS, reason=say_error(live))
    elif left := [item for item in _list_left(children, judged) if not is_forgotten(live, item)]:
        names = ", ".join(item.key.name for item in left)
        lack = f"the operator has not removed {names} yet"
        since = latest(settled, *(find_deletion_time(item.body) for item in left))
    elif state != "Available":
        lack, since = say_state(live), settled
    elif lack := find_routing_lack(live, routes):
        since = settled
    else:
        return Verdict(word=HealthWord.CURRENT, since=settled)
    startup = max((item.startup for item in judged), default=DEFAULT_STARTUP)
    return _hold_to(Verdict(word=HealthWord.IN_PROGRESS, reason=lack, since=since), startup, now)


def _hold_to(verdict: Verdict, startup: int, now: datetime) -> Verdict:
    """What is still in progress after its start-up has failed."""
    late = verdict.since is not None and now - verdict.since > timedelta(seconds=startup) + _ROUNDING
    if verdict.word is not HealthWord.IN_PROGRESS or not late:
        return verdict
    return Verdict(
        word=HealthWord.FAILED,
        reason=f"{say_late(startup)}: {verdict.reason}",
        since=verdict.since,
    )


def _find_child(children: Mapping[str, LiveObject], wanted: Wanted) -> LiveObject | None:
    return next((children[name] for name in wanted.names if name in children), None)


def _list_left(children: Mapping[str, LiveObject], judged: Iterable[_Judged]) -> tuple[LiveObject, ...]:
    names = frozenset(name for item in judged for name in item.names)
    return tuple(item for name, item in sorted(children.items()) if name not in names)


def _find_loops(
    live: LiveObject,
    children: Mapping[str, LiveObject],
    parts: Iterable[tuple[Mapping[str, Any], tuple[Wanted, ...]]],
    now: datetime,
) -> Iterator[str]:
    for _, wanted in parts:
        for item in wanted:
            child = _find_child(children, item)
            if child is not None and (note := find_loop(live, child, item.replicas, now)):
                yield note


def _name_forgotten(
    live: LiveObject, children: Mapping[str, LiveObject], judged: tuple[_Judged, ...]
) -> Iterator[str]:
    for item in _list_left(children, judged):
        if is_forgotten(live, item):
            name, namespace = item.key.name, item.key.namespace
            yield (
                f"the operator left Deployment {name} behind and will not remove it, as no Pod of it ever "
                f"was there: kubectl --namespace {namespace} delete deployment {name}"
            )


def _say_deleting(live: LiveObject) -> str:
    finalizers = (live.body.get("metadata") or {}).get("finalizers") or ()
    waits = ", ".join(str(item) for item in finalizers)
    return f"is being deleted{f'; waits for {waits}' if waits else ''}"


def _group_by_owner(workloads: Iterable[LiveObject]) -> Mapping[str, tuple[LiveObject, ...]]:
    """Owner's uid → its Deployments, so that not each object looks at those of all."""
    owned: dict[str, list[LiveObject]] = {}
    for workload in workloads:
        for uid in dict.fromkeys(_owners(workload)):
            owned.setdefault(uid, []).append(workload)
    return {uid: tuple(items) for uid, items in owned.items()}


def _is_owned_by(workload: LiveObject, uid: str) -> bool:
    return uid in _owners(workload)


def _owners(workload: LiveObject) -> Iterator[str]:
    for reference in (workload.body.get("metadata") or {}).get("ownerReferences") or ():
        yield str(reference.get("uid", ""))
