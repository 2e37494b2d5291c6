"""Shadows are decided on in time.

What it checks
    In a deployment whose versions or shares the change touches no version has been a shadow for longer than
    `shadow-current` allows, by the commit dates of the main branch: 30 days where nothing else is said.
    Shadows of other deployments are not looked at.

Why
    A shadow runs as many Pods as a variant that answers, and answers nobody. After some weeks it tells
    nothing new.

Example
    # environments/production/environment.yaml
    rules:
      shadow-current: 14d
    # environments/production/deployments/wines.yaml: v5 is new, v6 came three weeks ago
    variants:
      - {version: 3, traffic: 90}
      - {version: 5, traffic: 10}
      - {version: 6, shadow: 100}

Fix
    Give it a share of the live requests, or remove it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler.policy.changes import Pin, Role, list_changed, list_pins, place_of
from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.parameters import Parameter
from reconciler.policy.placed import PlacedDeployment
from reconciler.policy.served import say_length, say_time
from reconciler.policy.soak import read_duration
from reconciler.state.findings import Finding, Grade
from reconciler.state.history import History


def check(context: Context) -> Iterator[Finding]:
    if context.history is None or context.now is None:
        return
    # Others have no history here: it is read of what the change touches.
    for changed in list_changed(context):
        deployment = changed.after
        if deployment is None or not deployment.shadows:
            continue
        limit = POLICY.value_in(deployment.environment)
        for pin in list_pins(deployment):
            if pin.role is not Role.SHADOW:
                continue
            since = _find_start(context.history, deployment, pin)
            if since is None or context.now - since <= read_duration(limit):
                continue
            yield POLICY.finding(
                place_of(deployment, pin),
                f"{deployment.id}: {pin.name} has been a shadow since {say_time(since)}, for "
                f"{say_length(context.now - since)}; expected at most {limit} (rule shadow-current).",
                "Give it a share of the live requests, or remove it.",
            )


def _find_start(history: History, deployment: PlacedDeployment, pin: Pin) -> datetime | None:
    """Since when it has been a shadow here without a gap; None where it is none yet.

    A clone that is cut short can only make that later.
    """
    spans = history.list_spans(deployment.environment.name, deployment.name)
    shadowed = [span for span in spans if span.shadow and pin.was(span)]
    start = min((span.since for span in shadowed if span.until is None), default=None)
    for span in sorted(shadowed, key=lambda span: span.since, reverse=True):
        if start is not None and span.since < start and span.until == start:
            start = span.since
    return start


def _measure(value: Any) -> Mapping[str, float]:
    return {"": read_duration(value).total_seconds()}


POLICY = Policy(
    id="shadow-current",
    documentation=__doc__,
    check=check,
    needs=(Need.BASE, Need.HISTORY, Need.TIME),
    grade=Grade.ADVISORY,
    parameter=Parameter(form="a duration such as 30d", default="30d", measure=_measure),
)
