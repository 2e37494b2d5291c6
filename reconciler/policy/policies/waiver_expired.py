"""Waivers that are over are taken out.

What it checks
    No waiver of `exceptions.yaml` has ended.

Why
    A waiver that has ended lifts nothing any more, and whoever reads the file believes that it does.

Example
    waivers:
      - rule: variant-order
        objects: [production/wines]
        reason: the list is sorted once
        until: 2026-11-20                   # and today is 2026-11-23

Fix
    Remove it. What is needed for longer is waived anew, reviewed like the first time: `modelsync waive`.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.exceptions import list_waivers
from reconciler.state.findings import Finding, Grade


def check(context: Context) -> Iterator[Finding]:
    for placed in list_waivers(context.repository):
        end = placed.waiver.end
        if end is not None and context.now is not None and end <= context.now:
            yield POLICY.finding(
                placed.at("until"),
                f"{placed.environment.name}: {placed.title} ended {placed.waiver.until} "
                f'(reason "{placed.waiver.reason}") and lifts nothing any more.',
                "Remove it, or have it reviewed again with a later end: modelsync waive.",
            )


POLICY = Policy(
    id="waiver-expired",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.TIME),
    grade=Grade.ADVISORY,
)
