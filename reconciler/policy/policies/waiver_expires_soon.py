"""The end of waivers is seen coming.

What it checks
    No waiver of `exceptions.yaml` ends within three days.

Why
    When it ends, what it lifts is an error in every change that comes after. Three days are enough to mend
    the cause, or to have the waiver reviewed again.

Example
    waivers:
      - rule: variant-order
        objects: [production/wines]
        reason: the list is sorted once
        until: 2026-11-25                   # and today is 2026-11-23

Fix
    Mend what is waived and remove the waiver, or give it a later end, reviewed like the first one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.exceptions import find_arrival, list_waivers
from reconciler.policy.wording import say_duration
from reconciler.state.findings import Finding, Grade

_SOON = timedelta(days=3)


def check(context: Context) -> Iterator[Finding]:
    for placed in list_waivers(context.repository):
        end = placed.waiver.end
        if end is not None and context.now is not None and context.now < end <= context.now + _SOON:
            arrival = find_arrival(placed, context.history)
            came = "" if arrival is None else f"; came in with {arrival.revision[:7]}"
            yield POLICY.finding(
                placed.at("until"),
                f"{placed.environment.name}: {placed.title} ends in {say_duration(end - context.now)} "
                f'({placed.waiver.until}; reason "{placed.waiver.reason}"{came}); from then on '
                "nothing lifts that.",
                "Mend what it lifts and remove it, or give it a later end.",
            )


POLICY = Policy(
    id="waiver-expires-soon",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.TIME),
    grade=Grade.ADVISORY,
)
