"""A version comes by way of every upstream environment; none is skipped.

What it checks
    A version that is new in an environment was served, on the main branch, in each environment that its
    `upstream:` names. A version whose artifacts are the same counts as the same, whatever its number. A way
    back to a version that answered here before is free.

Why
    What never ran upstream is tried out on the callers of this environment.

Example
    # environments/production/environment.yaml
    upstream: [staging]
    # environments/production/deployments/wines.yaml, and staging never served v5
    variants:
      - {version: 5, traffic: 10}

Fix
    Serve the version upstream in a change of its own, and come back once that is merged.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.changes import list_changed, list_entered, list_new, place_of
from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.served import WAY_OUT, find_spans, is_return, list_upstream
from reconciler.policy.wording import join_words
from reconciler.state.findings import Finding, Grade, Undecided


def check(context: Context) -> Iterator[Finding | Undecided]:
    history = context.history
    if history is None:
        return
    for changed in list_changed(context):
        deployment = changed.after
        if deployment is None:
            continue
        new = list(list_new(changed))
        # Without traffic it is loaded all the same, and only its share is left to change.
        new += [pin for pin in list_entered(changed) if not any(pin.is_same(other) for other in new)]
        for pin in new:
            if is_return(context, deployment.environment.name, pin, changed.pins_before):
                continue
            missing = [name for name in list_upstream(deployment) if not find_spans(history, name, pin)]
            if missing and not history.complete:
                yield POLICY.undecided(
                    f"{deployment.id}: whether {pin.name} ever ran in {join_words(missing)} cannot be told, "
                    f"as {WAY_OUT}"
                )
            elif missing:
                yield POLICY.finding(
                    place_of(deployment, pin),
                    f"{deployment.id}: {pin.name} never ran in {join_words(missing)}, which comes first "
                    f"(upstream of {deployment.environment.name}).",
                    f"Serve it there first: modelsync release {missing[0]}/{deployment.name} v{pin.version}",
                    subject=deployment.id,
                )


POLICY = Policy(
    id="promotion-order",
    documentation=__doc__,
    check=check,
    needs=(Need.BASE, Need.HISTORY),
    grade=Grade.SOFT,
)
