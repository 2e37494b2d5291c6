"""Waivers last 30 days at most.

What it checks
    No waiver of `exceptions.yaml` ends more than 30 days from now. It can be written for 30 days again when
    it has become shorter.

Why
    A waiver without an end in sight is a rule that was switched off. Every month somebody looks at it again
    and says why it is still needed.

Example
    waivers:
      - rule: variant-order
        objects: [production/wines]
        reason: the list is sorted once
        until: 2027-11-23                   # and today is 2026-11-23

Fix
    Write an end within 30 days. What is never to hold in an environment is set there under `rules:`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.exceptions import find_end, list_waivers
from reconciler.state.findings import Finding

LONGEST = timedelta(days=30)


def check(context: Context) -> Iterator[Finding]:
    if context.now is None:
        return
    # A day that is written stands for its end: 30 days from today are 30 days, whatever the hour.
    latest = context.now.replace(hour=0, minute=0, second=0, microsecond=0) + LONGEST + timedelta(days=1)
    for placed in list_waivers(context.repository):
        end = find_end(placed.waiver)
        if end is not None and end > latest:
            yield POLICY.finding(
                placed.at("until"),
                f"{placed.environment.name}: {placed.title} ends {placed.waiver.until}, in "
                f"{(end - context.now).days} days; a waiver lasts {LONGEST.days} days at most.",
                f"Write {(context.now + LONGEST).date().isoformat()} or an earlier end.",
            )


POLICY = Policy(
    id="waiver-too-long", documentation=__doc__, check=check, needs=(Need.DECLARATIONS, Need.TIME)
)
