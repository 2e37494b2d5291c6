"""What a run leaves in its target's record for those who only look. Pure, but for the meter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from reconciler.apply.clock import Clock
from reconciler.clients.cluster.interface import ClusterReader
from reconciler.plan.shares import read_shares
from reconciler.plan.success import find_success
from reconciler.state.figures import DeploymentStanding, ExceptionInForce, RequestCount, RunFigures, Standing
from reconciler.state.inventory import ObjectResult, TargetRecord
from reconciler.state.objects import MODEL_LABEL, SELDON_DEPLOYMENT, Manifest
from reconciler.state.observations import Health, HealthWord
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action, Cause, Op, Plan

_DONE = frozenset({Action.CREATED, Action.CONFIGURED, Action.DELETED})
_PRUNES = frozenset({Cause.REMOVAL, Cause.RETIREMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a run took so far: seconds, and requests by method and answer."""

    seconds: float
    requests: tuple[RequestCount, ...]


class Meter:
    """Measures one target's part of a run, from when it is made."""

    def __init__(self, reader: ClusterReader, clock: Clock) -> None:
        self._reader, self._clock = reader, clock
        self._started = clock.monotonic()
        self._before = Counter(reader.requests_by_answer)

    def read(self) -> Spent:
        """What was spent until now."""
        counted = Counter(self._reader.requests_by_answer) - self._before
        return Spent(
            seconds=self._clock.monotonic() - self._started,
            requests=tuple(
                RequestCount(method=method, status=status, count=count)
                for (method, status), count in sorted(counted.items())
            ),
        )


def build_figures(
    known: TargetRecord,
    plan: Plan,
    results: tuple[ObjectResult, ...],
    *,
    outcome: Outcome,
    spent: Spent,
    now: datetime,
) -> RunFigures:
    """The numbers of a run that began with the record `known`."""
    counts = Counter(result.action for result in results)
    counts[Action.UNCHANGED] += len(plan.unchanged)
    return RunFigures(
        finished=now,
        outcome=int(outcome),
        seconds=spent.seconds,
        succeeded=find_success(known),
        objects=tuple((action, counts[action]) for action in Action if counts[action]),
        requests=spent.requests,
    )


def build_standing(
    plan: Plan,
    results: tuple[ObjectResult, ...],
    *,
    manifests: tuple[Manifest, ...],
    health: tuple[Health, ...],
    ingress: str,
    exceptions: tuple[ExceptionInForce, ...],
) -> Standing:
    """How the target stands after the plan was carried out as far as `results` say, or was refused.

    `manifests` are all desired ones. A faulty deployment has none, and is left out.
    """
    done = {result.key for result in results if result.action in _DONE}
    left = [change for change in plan.changes if change.key not in done]
    return Standing(
        drift=sum(change.cause is Cause.DRIFT for change in left),
        held=sum(change.cause in _PRUNES and (plan.refused or change.op is Op.SKIP) for change in left),
        ingress=ingress,
        deployments=tuple(sorted(_list_deployments(manifests, health), key=lambda item: item.deployment)),
        exceptions=exceptions,
    )


def _list_deployments(
    manifests: tuple[Manifest, ...], health: tuple[Health, ...]
) -> Iterator[DeploymentStanding]:
    words = {item.key: item.word for item in health}
    for manifest in manifests:
        if manifest.key.kind != SELDON_DEPLOYMENT:
            continue
        labels: Mapping[str, str] = manifest.body["metadata"].get("labels") or {}
        yield DeploymentStanding(
            deployment=manifest.deployment,
            model=labels.get(MODEL_LABEL, ""),
            shares=read_shares(manifest.body),
            health=words.get(manifest.key, HealthWord.UNKNOWN),
        )
