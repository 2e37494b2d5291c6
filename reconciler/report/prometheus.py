"""Readings of targets as metrics of Prometheus. Pure; what is not known has no series, and is never zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric

from reconciler.plan.success import find_attempt, find_success, is_synced
from reconciler.state.readings import Readings, TargetReading
from reconciler.state.shares import Share

_TARGET = ("environment", "namespace")
_SHARE = ("deployment", "model", "variant", "version", "shadow")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """What a metric says, and its labels beside those of the target."""

    said: str
    labels: tuple[str, ...] = ()


_FAMILIES: Mapping[str, _Family] = {
    "modelsync_target_info": _Family(
        said="A target: the revision that was attempted last, and the one that was applied in full last.",
        labels=("attempted", "applied"),
    ),
    "modelsync_last_attempt_timestamp_seconds": _Family(
        said="When a run last told of itself, however it ended. Runs that find nothing to do tell so "
        "every ten minutes at most.",
    ),
    "modelsync_last_success_timestamp_seconds": _Family(
        said="When a run last found or made the target equal to git. Runs that find nothing to do tell "
        "so every ten minutes at most.",
    ),
    "modelsync_last_apply_timestamp_seconds": _Family(
        said="When the revision that was applied in full last was applied.",
    ),
    "modelsync_synced": _Family(
        said="Whether the last run that looked found or made the target equal (1) or not (0).",
    ),
    "modelsync_run_outcome": _Family(
        said="Exit code of the last run that told of itself: 0 done, 1 not equal, 2 configuration, 3 "
        "undecided, 5 refused, 6 unhealthy, 70 defect, 130 interrupted.",
    ),
    "modelsync_source_seen_timestamp_seconds": _Family(
        said="When the repository last answered; only while it does not.",
    ),
    "modelsync_run_duration_seconds": _Family(
        said="Wall time of the last run that wrote the record.",
    ),
    "modelsync_run_objects": _Family(
        said="Objects by what became of them in the last run that wrote the record.",
        labels=("result",),
    ),
    "modelsync_run_api_requests": _Family(
        said="Requests to the API server by the last run that wrote the record; code 0 stands for no answer.",
        labels=("verb", "code"),
    ),
    "modelsync_inventory_objects": _Family(
        said="Objects that the target owns.",
    ),
    "modelsync_drift_objects": _Family(
        said="Objects that differ from git with no new revision, and that the last run left so.",
    ),
    "modelsync_held_prune_objects": _Family(
        said="Objects that a guard or an exception keeps from being pruned.",
    ),
    "modelsync_reversals": _Family(
        said="How often an object was taken back from a field manager, of the last ten times; three "
        "within an hour are a fight.",
        labels=("object", "manager"),
    ),
    "modelsync_back_off_until_timestamp_seconds": _Family(
        said="Until when a revision that failed is not tried again.",
        labels=("revision",),
    ),
    "modelsync_back_off_failures": _Family(
        said="How often that revision failed in a row.",
        labels=("revision",),
    ),
    "modelsync_emergency_active": _Family(
        said="1 for a deployment that a person took back without git, 0 once its mark is over.",
        labels=("deployment",),
    ),
    "modelsync_emergency_until_timestamp_seconds": _Family(
        said="When that mark is over.",
        labels=("deployment",),
    ),
    "modelsync_exception_active": _Family(
        said="1 for a freeze or suspension in force, 0 once it is over; deployment is all where it "
        "holds for the whole target.",
        labels=("kind", "deployment"),
    ),
    "modelsync_exception_until_timestamp_seconds": _Family(
        said="When that exception is over.",
        labels=("kind", "deployment"),
    ),
    "modelsync_deployment_health": _Family(
        said="1 for the health that a run saw when it last changed.",
        labels=("deployment", "model", "health"),
    ),
    "modelsync_declared_share_percent": _Family(
        said="A variant's share of the requests as git declares it.",
        labels=_SHARE,
    ),
    "modelsync_applied_share_percent": _Family(
        said="A variant's share as the SeldonDeployment has it now.",
        labels=_SHARE,
    ),
    "modelsync_routed_share_percent": _Family(
        said="A variant's share as the ingress is told now.",
        labels=_SHARE,
    ),
}

NAMES = frozenset(_FAMILIES)
"""The metrics of targets."""


def build_metrics(readings: Readings, now: datetime) -> Iterator[Metric]:
    """All families that have a sample, in the order of their table."""
    families = _Families()
    for reading in readings.targets:
        _add_run(families, reading)
        _add_standing(families, reading)
        _add_holds(families, reading, now)
        _add_shares(families, reading)
    yield from families.list()


class _Families:
    """Collects samples by family."""

    def __init__(self) -> None:
        self._samples: dict[str, list[tuple[tuple[str, ...], float]]] = {name: [] for name in _FAMILIES}

    def add(self, name: str, reading: TargetReading, value: float, *labels: str) -> None:
        """One sample of a target; `labels` are the family's own, in order."""
        own = (reading.target.environment, reading.target.namespace)
        self._samples[name].append(((*own, *labels), value))

    def add_time(self, name: str, reading: TargetReading, time: datetime | None, *labels: str) -> None:
        """One sample of a time; none where there is no time."""
        if time is not None:
            self.add(name, reading, time.timestamp(), *labels)

    def list(self) -> Iterator[Metric]:
        for name, samples in self._samples.items():
            about = _FAMILIES[name]
            family = GaugeMetricFamily(name, about.said, labels=(*_TARGET, *about.labels))
            for values, number in samples:
                family.add_metric(values, number)
            if samples:
                yield family


def _add_run(families: _Families, reading: TargetReading) -> None:
    record = reading.record
    families.add("modelsync_target_info", reading, 1, record.attempted, record.applied)
    families.add_time("modelsync_last_attempt_timestamp_seconds", reading, find_attempt(record))
    families.add_time("modelsync_last_success_timestamp_seconds", reading, find_success(record))
    families.add_time("modelsync_last_apply_timestamp_seconds", reading, record.applied_at)
    families.add("modelsync_synced", reading, is_synced(record))
    figures = record.figures
    if record.failure is not None:
        families.add_time("modelsync_source_seen_timestamp_seconds", reading, record.failure.seen)
        families.add("modelsync_run_outcome", reading, record.failure.outcome)
    elif figures is not None:
        families.add("modelsync_run_outcome", reading, figures.outcome)
    if figures is None:
        return
    families.add("modelsync_run_duration_seconds", reading, figures.seconds)
    for action, count in figures.objects:
        families.add("modelsync_run_objects", reading, count, action.value)
    for item in figures.requests:
        families.add("modelsync_run_api_requests", reading, item.count, item.method, str(item.status))


def _add_standing(families: _Families, reading: TargetReading) -> None:
    families.add("modelsync_inventory_objects", reading, len(reading.record.entries))
    standing = reading.record.standing
    if standing is None:
        return
    families.add("modelsync_drift_objects", reading, standing.drift)
    families.add("modelsync_held_prune_objects", reading, standing.held)
    for item in standing.deployments:
        families.add(
            "modelsync_deployment_health", reading, 1, item.deployment, item.model, item.health.value
        )


def _add_holds(families: _Families, reading: TargetReading, now: datetime) -> None:
    record = reading.record
    for item in record.reversals:
        families.add("modelsync_reversals", reading, len(item.times), str(item.key), item.manager)
    if record.backoff is not None:
        until, revision = record.backoff.until, record.backoff.revision
        families.add_time("modelsync_back_off_until_timestamp_seconds", reading, until, revision)
        families.add("modelsync_back_off_failures", reading, record.backoff.failures, revision)
    for mark in record.marks:
        families.add("modelsync_emergency_active", reading, mark.holds(now), mark.deployment)
        families.add_time("modelsync_emergency_until_timestamp_seconds", reading, mark.until, mark.deployment)
    # Several may hold for one deployment; the one that ends last counts, and one without an end is the last.
    ends: dict[tuple[str, str], datetime | None] = {}
    for exception in record.standing.exceptions if record.standing is not None else ():
        key = (exception.kind.value, exception.deployment)
        before = ends.get(key, exception.until)
        ends[key] = None if before is None or exception.until is None else max(before, exception.until)
    for (kind, deployment), end in ends.items():
        families.add("modelsync_exception_active", reading, end is None or now < end, kind, deployment)
        families.add_time("modelsync_exception_until_timestamp_seconds", reading, end, kind, deployment)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """What one of the sides says of one deployment: percent by variant."""

    name: str
    percents: Mapping[str, float]


def _add_shares(families: _Families, reading: TargetReading) -> None:
    """Shares of all variants that any side knows: 0 where a side is known and has it not."""
    standing = reading.record.standing
    declared = {item.deployment: item for item in standing.deployments} if standing is not None else {}
    applied = reading.applied if reading.applied is not None else {}
    for name in sorted(declared.keys() | applied.keys()):
        model = declared[name].model if name in declared else ""
        known: dict[str, Share] = {}
        sides = []
        if name in declared:
            sides.append(_read_side("declared", declared[name].shares, known))
        if reading.applied is not None:
            sides.append(_read_side("applied", applied.get(name, ()), known))
        routed = reading.routes.find(name)
        shadows = {item.predictor for item in known.values() if item.shadow}
        variants = {variant: item.version for variant, item in known.items()}
        if routed is not None:
            sides.append(
                _Side(name="routed", percents={item.predictor: item.percent for item in routed.shares})
            )
            shadows |= {item.predictor for item in routed.shares if item.shadow}
            variants = {item.predictor: "" for item in routed.shares} | variants
        for side in sides:
            for variant in sorted(variants):
                families.add(
                    f"modelsync_{side.name}_share_percent",
                    reading,
                    side.percents.get(variant, 0),
                    name,
                    model,
                    variant,
                    variants[variant],
                    "true" if variant in shadows else "false",
                )


def _read_side(name: str, shares: tuple[Share, ...], known: dict[str, Share]) -> _Side:
    for share in shares:
        known.setdefault(share.predictor, share)
    return _Side(name=name, percents={share.predictor: share.percent for share in shares})
