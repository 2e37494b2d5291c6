"""What an experiment compares stays the same while it runs.

What it checks
    While an experiment of the base has not ended and goes on, its baseline serves the version that it served,
    and no version becomes a challenger that was none. Leaving a challenger out, and ending the experiment by
    taking its block away, is free.

Why
    Rewards of two versions under one name are those of neither: the experiment begins again without anybody
    having said so.

Example
    # where v5 was the challenger, until: 2026-12-15
    experiment:
      baseline: v3
      challengers: [v6]

Fix
    Wait for the end; or end the experiment in a change of its own, and declare the next one after it.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.experiments import Side, find_running, list_sides
from reconciler.policy.wording import join_words
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade


def check(context: Context) -> Iterator[Finding]:
    after = {placed.id: placed for placed in context.served}
    for before, experiment in find_running(context):
        deployment = after.get(before.id)
        still = None if deployment is None else deployment.entry.declaration.experiment
        if deployment is None or still is None:
            continue
        was, now = list_sides(before, experiment), list_sides(deployment, still)
        for side in now:
            old = [other for other in was if other.role == side.role]
            if any(other.is_same(side) for other in old):
                continue
            yield POLICY.finding(
                _place(side, old),
                f"{deployment.id}: {_say(side)} becomes {side.role} of an experiment that runs until "
                f"{experiment.until}; expected {join_words([_say(other) for other in old], 'or')} till then.",
                "Wait for its end, or end it in a change of its own and declare the next one after it.",
            )


def _say(side: Side) -> str:
    return side.said if side.placed is None else side.placed.name


def _place(side: Side, old: list[Side]) -> Location:
    """The version, where a variant of the same name has another one; else where the experiment names it."""
    if side.placed is not None and any(other.said == side.said for other in old):
        return side.deployment.variant_at(side.placed, "version")
    return side.location


POLICY = Policy(
    id="experiment-kept",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.BASE, Need.TIME),
    grade=Grade.SOFT,
)
