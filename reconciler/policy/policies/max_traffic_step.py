"""The share of a version rises in steps, not at once.

What it checks
    No change gives a version more percentage points of the live requests than `max-traffic-step` allows. The
    first version of a deployment has nobody to share with, so it may take all. Going back to a set that
    served here before, taking a variant out and lowering a challenger are never stopped, and neither is the
    baseline that takes what is freed. Where the baseline itself is taken out, a version that stays may rise
    by more than a step: that is advice, whatever grade an environment gives this rule, and says how to get
    there in steps, as nobody on call may be kept from taking out what is sick.

Why
    What is wrong with a new version shows with few requests as well as with all of them, and then few
    callers have met it.

Example
    # environments/production/environment.yaml
    rules:
      max-traffic-step: 50
    # environments/production/deployments/wines.yaml, where v5 had 10 before
    variants:
      - {version: 3, traffic: 20}
      - {version: 5, traffic: 80}

Fix
    Take a smaller step now, and the rest once this one has proven itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.policy.changes import Pin, list_changed, list_live, list_pins
from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.parameters import Parameter
from reconciler.policy.placed import PlacedDeployment
from reconciler.policy.restoring import only_withdraws, restores
from reconciler.policy.served import is_return
from reconciler.state.findings import Finding, Grade

_MOST = 100


def check(context: Context) -> Iterator[Finding]:
    for changed in list_changed(context):
        before, deployment = changed.before, changed.after
        lives = list_live(changed.pins_before)
        if before is None or deployment is None or not lives:
            continue
        limit = POLICY.value_in(deployment.environment)
        if limit is None or restores(context.history, deployment):
            continue
        withdrawn = only_withdraws(before, deployment)
        for pin, share, had in _list_rises(deployment, lives):
            if share - had <= limit or is_return(context, deployment.environment.name, pin, lives):
                continue
            first = f"modelsync traffic {deployment.id} v{pin.version}={had + limit} …"
            found = POLICY.finding(
                deployment.variant_at(pin.variant, "traffic"),
                f"{deployment.id}: {pin.name} goes {had} → {share} %, {share - had} points; at most "
                f"{limit} points per change (rule max-traffic-step).",
                f"Where what goes is not sick, let it go after {pin.name} took its share in steps: {first}"
                if withdrawn
                else f"Give it {had + limit} % now and the rest later: {first}",
                subject=deployment.id,
            )
            yield replace(found, grade=Grade.ADVISORY) if withdrawn else found


def _list_rises(deployment: PlacedDeployment, lives: tuple[Pin, ...]) -> Iterator[tuple[Pin, int, int]]:
    """Each version that is live afterwards with its share and the one it had, but for the old baseline."""
    baseline = lives[0].variant.index
    told: list[Pin] = []
    after = list_live(list_pins(deployment))
    for pin in after:
        if any(pin.is_same(other) for other in told):
            continue
        told.append(pin)
        if any(old.is_same(pin) and old.variant.index == baseline for old in lives):
            continue
        share = sum({one.variant.index: one.share for one in after if one.is_same(pin)}.values())
        had = sum({one.variant.index: one.share for one in lives if one.is_same(pin)}.values())
        yield pin, share, had


def _measure(value: Any) -> Mapping[str, float]:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise ValueError
    return {"": value}


POLICY = Policy(
    id="max-traffic-step",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.BASE, Need.HISTORY),
    grade=Grade.SOFT,
    parameter=Parameter(form="percentage points from 0 to 100", default=None, measure=_measure),
)
