"""Waivers last 30 days at most.

What it checks
    No waiver of `exceptions.yaml` ends more than 30 days after it came to the main branch, or from now where
    it did not come there yet or the history is not read (`validate --base` does). One with another end or
    other objects is another one, for 30 days again.

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
from datetime import datetime, timedelta

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.exceptions import find_arrival, list_waivers
from reconciler.state.findings import Finding
from reconciler.state.history import WaiverArrival

LONGEST = timedelta(days=30)


def check(context: Context) -> Iterator[Finding]:
    if context.now is None:
        return
    for placed in list_waivers(context.repository):
        end = placed.waiver.end
        arrival = find_arrival(placed, context.history)
        since = context.now if arrival is None else arrival.since
        if end is None or end <= _find_latest(since):
            continue
        last = since + LONGEST
        yield POLICY.finding(
            placed.at("until"),
            f"{placed.environment.name}: {placed.title} ends {placed.waiver.until}, "
            + _describe_length(end - since, arrival)
            + f"; a waiver lasts {LONGEST.days} days at most.",
            f"Write {last.date().isoformat()} or an earlier end."
            if last > context.now
            else "Remove it, or have it reviewed again with another end: modelsync waive.",
        )


def _describe_length(length: timedelta, arrival: WaiverArrival | None) -> str:
    if arrival is None:
        return f"in {length.days} days"
    return f"{length.days} days after it came in (with {arrival.revision[:7]})"


def _find_latest(since: datetime) -> datetime:
    """A day that is written stands for its end: 30 days from a day are 30 days, whatever the hour."""
    return since.replace(hour=0, minute=0, second=0, microsecond=0) + LONGEST + timedelta(days=1)


POLICY = Policy(
    id="waiver-too-long", documentation=__doc__, check=check, needs=(Need.DECLARATIONS, Need.TIME)
)
