"""A lower version is a way back only where this environment served it before.

What it checks
    A version that is new here and lower than all that answered before the change answered requests of this
    environment at some time on the main branch.

Why
    A rollback is free of soak and of steps because its target is known to work here. A low number proves
    nothing: what never served here is as new as any other version.

Example
    # environments/production/deployments/wines.yaml, which served v3 and never v2
    variants:
      - {version: 2, traffic: 100}

Fix
    Go back to the version that is named, or bring this one up by way of the upstream environments.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.changes import Pin, Role, list_changed, list_live, list_new, place_of
from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.placed import PlacedDeployment
from reconciler.policy.served import WAY_OUT, find_answers, say_time
from reconciler.state.findings import Finding, Grade, Undecided
from reconciler.state.history import History, ServedSpan


def check(context: Context) -> Iterator[Finding | Undecided]:
    if context.history is None:
        return
    for changed in list_changed(context):
        deployment = changed.after
        if deployment is None:
            continue
        lives = list_live(changed.pins_before)
        for pin in list_new(changed):
            versions = [old.version for old in lives if old.model == pin.model]
            known = any(old.is_same(pin) for old in changed.pins_before)
            if pin.role is Role.SHADOW or known or not versions or pin.version >= min(versions):
                continue
            if not find_answers(context.history, deployment.environment.name, pin):
                yield _tell(deployment, pin, lives, context.history)


def _tell(
    deployment: PlacedDeployment, pin: Pin, lives: tuple[Pin, ...], history: History
) -> Finding | Undecided:
    environment = deployment.environment.name
    if not history.complete:
        return POLICY.undecided(
            f"{deployment.id}: whether {environment} ever served {pin.name} cannot be told, as {WAY_OUT}"
        )
    near = _find_nearest(deployment, pin, lives, history)
    if near is None:
        hint, advice = "", "Bring it up by way of the upstream environments, like a new version."
    else:
        until = "now" if near.until is None else say_time(near.until)
        hint = f" The nearest that did is v{near.version} (until {until})."
        advice = f"To go back: modelsync rollback {deployment.id} v{near.version}"
    return POLICY.finding(
        place_of(deployment, pin),
        f"{deployment.id}: {pin.name} is lower than all that answer, but {environment} never served it, so "
        f"this is no rollback.{hint}",
        advice,
        subject=deployment.id,
    )


def _find_nearest(
    deployment: PlacedDeployment, pin: Pin, lives: tuple[Pin, ...], history: History
) -> ServedSpan | None:
    """The served version with the number nearest to what was asked for, not one that answers now."""
    spans = (
        span
        for span in history.list_spans(deployment.environment.name)
        if span.model == pin.model and span.version is not None and span.share > 0 and not span.shadow
    )
    past = [span for span in spans if not any(live.was(span) for live in lives)]
    return min(past, key=lambda span: (_distance(span, pin), -span.since.timestamp()), default=None)


def _distance(span: ServedSpan, pin: Pin) -> int:
    return abs((span.version or 0) - pin.version)


POLICY = Policy(
    id="rollback-served",
    documentation=__doc__,
    check=check,
    needs=(Need.BASE, Need.HISTORY),
    grade=Grade.SOFT,
)
