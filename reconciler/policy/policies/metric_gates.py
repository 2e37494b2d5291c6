"""A version takes traffic only if its metrics are good enough.

What it checks
    For each metric that an environment gates (`rules.metric-gates`), every live version records it; it is
    at most `max` or at least `min`; and it is not worse than the baseline's by more than `worseBy` percent
    of that. The baseline is the first live variant; of a change to that one, what was it before. Lower is
    better where `max` is given, higher where `min` is; `better: lower` or `better: higher` says it where
    neither is. Metrics on other evaluation data than the baseline's are not comparable: then this rule is
    not decided. Shadows are not gated, as nobody gets their answers, and neither are the nodes of graphs.

Why
    A better-looking number is the reason for most changes, and is the easiest thing to get wrong: another
    test set, another split, or nothing measured at all.

Example
    # environments/production/environment.yaml, where v5 has an rmse of 0.81 and v3 one of 0.75
    rules: {metric-gates: {rmse: {max: 0.8, worseBy: 2%}}}

Fix
    Train a better version; or evaluate both versions on the same data, log that with the run, and take the
    evidence over: modelsync pin wines 5 --refresh
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

from reconciler.policy.context import Context, ModelUse, PlacedDeployment
from reconciler.policy.engine import Need, Parameter, Policy
from reconciler.state.declarations import Evidence
from reconciler.state.findings import Finding, Grade, Undecided

_SHARE = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What one metric must be: its bounds, and how much worse than the baseline, as a part of that."""

    lower_is_better: bool
    bound: float | None
    worse_by: Fraction | None
    share: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """A version's name and evidence."""

    name: str
    evidence: Evidence


def check(context: Context) -> Iterator[Finding | Undecided]:
    earlier = _list_earlier(context)
    for deployment in context.served:
        gates = POLICY.value_in(deployment.environment)
        if not gates:
            continue
        live = [use for use in deployment.model_uses() if _is_live(use)]
        first = _read_version(live[0]) if live else None
        for use in live:
            version = _read_version(use)
            if version is None:
                continue
            before = earlier.get(deployment.id) if use is live[0] else first
            for metric, said in gates.items():
                yield from _check(deployment, use, metric, read_gate(said), version, before)


def read_gate(said: Any) -> Gate:
    """A gate as it is written in environment.yaml. Raises ValueError, without words, for any other form."""
    if not isinstance(said, Mapping) or not set(said) <= {"max", "min", "worseBy", "better"}:
        raise ValueError
    bounds = [said[key] for key in ("max", "min") if key in said]
    better = said.get("better", "lower" if "max" in said else "higher" if "min" in said else None)
    if len(bounds) > 1 or not set(said) - {"better"} or better not in ("lower", "higher"):
        raise ValueError
    if any(isinstance(bound, bool) or not isinstance(bound, (int, float)) for bound in bounds):
        raise ValueError
    if ("max" in said and better == "higher") or ("min" in said and better == "lower"):
        raise ValueError
    share = said.get("worseBy")
    match = _SHARE.fullmatch(share) if isinstance(share, str) else None
    if share is not None and match is None:
        raise ValueError
    return Gate(
        lower_is_better=better == "lower",
        bound=float(bounds[0]) if bounds else None,
        worse_by=None if match is None else Fraction(match["number"]) / 100,
        share=share or "",
    )


def is_worse(gate: Gate, value: float, baseline: float) -> bool:
    """Whether a metric is worse than the baseline's by more than the gate allows."""
    if gate.worse_by is None:
        return False
    if not isfinite(value) or not isfinite(baseline):
        # Nothing can be said to be better than what is no number.
        return True
    # By their digits as they are written: 0.51 is exactly 2 % more than 0.5.
    now, before = Fraction(repr(value)), Fraction(repr(baseline))
    room, change = abs(before) * gate.worse_by, now - before
    return (change if gate.lower_is_better else -change) > room


def _check(
    deployment: PlacedDeployment,
    use: ModelUse,
    metric: str,
    gate: Gate,
    version: _Version,
    baseline: _Version | None,
) -> Iterator[Finding | Undecided]:
    value = version.evidence.metrics.get(metric)
    title = f"{deployment.id}: {version.name}"
    if value is None:
        yield _find(use, f"{title} records no metric {metric}, which this environment gates.", "Log it.")
        return
    if gate.bound is not None and not (value <= gate.bound if gate.lower_is_better else value >= gate.bound):
        limit = f"at {'most' if gate.lower_is_better else 'least'} {gate.bound:.6g}"
        yield _find(use, f"{title} has {metric} {value:.6g}; it must be {limit} here.", "Train a better one.")
    if gate.worse_by is None or baseline is None or baseline.name == version.name:
        return
    other = baseline.evidence.metrics.get(metric)
    gap = _find_gap(version, baseline, metric, other)
    if gap:
        yield POLICY.undecided(f"{title} and {baseline.name} are not comparable in {metric}: {gap}")
    elif other is not None and is_worse(gate, value, other):
        yield _find(
            use,
            f"{title} has {metric} {value:.6g}, worse than the {other:.6g} of {baseline.name} on the same "
            f"evaluation data by more than {gate.share}.",
            f"Train a better one, or leave the traffic with {baseline.name}.",
        )


def _find_gap(version: _Version, baseline: _Version, metric: str, other: float | None) -> str:
    if other is None:
        return f"{baseline.name} records no {metric}"
    mine, theirs = (one.evidence.dataset or {} for one in (version, baseline))
    if not mine.get("digest") or not theirs.get("digest"):
        return "the data that they were measured on is not recorded"
    if "training" in (mine.get("context"), theirs.get("context")):
        return "the data of the training is recorded, not that of the evaluation"
    if mine["digest"] != theirs["digest"]:
        return "they were measured on other data"
    return ""


def _find(use: ModelUse, message: str, advice: str) -> Finding:
    return POLICY.finding(use.version_at, message, advice, subject=use.deployment.id)


def _list_earlier(context: Context) -> Mapping[str, _Version]:
    """The baseline of each deployment before the change, as far as that is known."""
    found = {}
    for deployment in context.before:
        live = [use for use in deployment.model_uses() if _is_live(use)]
        version = _read_version(live[0]) if live else None
        if version is not None:
            found[deployment.id] = version
    return found


def _is_live(use: ModelUse) -> bool:
    """Whether it is a variant of its own that answers requests: nodes of a graph answer only together."""
    return use.container is not None and use.container.node is None and bool(use.variant.variant.traffic)


def _read_version(use: ModelUse) -> _Version | None:
    if use.record is None:
        return None
    return _Version(name=f"{use.folder} v{use.version}", evidence=use.record.declaration.evidence)


def _measure(value: Any) -> Mapping[str, float]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError
    sizes = {}
    for metric, said in value.items():
        gate = read_gate(said)
        if gate.bound is not None:
            sizes[f"{metric}.bound"] = gate.bound if gate.lower_is_better else -gate.bound
        if gate.worse_by is not None:
            sizes[f"{metric}.worseBy"] = float(gate.worse_by)
    return sizes


POLICY = Policy(
    id="metric-gates",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.RECORDS),
    grade=Grade.SOFT,
    parameter=Parameter(
        form="a block of metrics such as {rmse: {max: 0.8, worseBy: 2%}}", default={}, measure=_measure
    ),
)
