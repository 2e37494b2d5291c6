"""A change keeps at least one of the versions that answer requests now.

What it checks
    Of the versions that take live requests before a change at least one takes some after it. Going back to
    versions that answered here before is free.

Why
    If all that answers is replaced with one merge, a bad version takes every request at once, and there is
    nothing beside it to compare it with.

Example
    # environments/production/deployments/wines.yaml, where v3 had 100 before
    variants:
      - {version: 5, traffic: 100}

Fix
    Let the old version keep a share for one more change, and take it out in the next one.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.changes import Pin, list_changed, list_live, list_pins
from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.restoring import all_served
from reconciler.policy.served import WAY_OUT
from reconciler.policy.wording import join_words
from reconciler.state.findings import Finding, Undecided


def check(context: Context) -> Iterator[Finding | Undecided]:
    history = context.history
    if history is None:
        return
    for changed in list_changed(context):
        deployment = changed.after
        running = list_live(changed.pins_before)
        if deployment is None or not running:
            continue
        wanted = list_live(list_pins(deployment))
        if not wanted or any(old.is_same(new) for old in running for new in wanted):
            continue
        if all_served(history, deployment):
            continue
        if not history.complete:
            yield POLICY.undecided(
                f"{deployment.id}: none of the running versions ({_list(running)}) remains; whether "
                f"{_list(wanted)} answered here before cannot be told, as {WAY_OUT}"
            )
            continue
        keep = max(running, key=lambda pin: pin.share)
        yield POLICY.finding(
            deployment.at("variants"),
            f"{deployment.id}: none of the running versions ({_list(running)}) remains beside "
            f"{_list(wanted)}; a bad model would take all requests at once.",
            f"Keep {keep.name} with a share for one more change, and move the traffic in steps.",
            subject=deployment.id,
        )


def _list(pins: tuple[Pin, ...]) -> str:
    return join_words([f"{pin.name} {pin.share} %" for pin in pins])


POLICY = Policy(
    id="running-set-kept",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.BASE, Need.HISTORY),
)
