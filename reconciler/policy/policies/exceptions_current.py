"""Holds, freezes, windows and suspensions that are over are taken out in time.

What it checks
    No hold, freeze, window or suspension of `exceptions.yaml` has ended, or ends within three days.
    Waivers have rules of their own: waiver-expired and waiver-expires-soon.

Why
    What has ended means nothing any more, and whoever reads the file believes that it does. What ends soon is
    either not needed any more, or somebody is about to be surprised: with the end of a suspension sync makes
    up for all that it left alone.

Example
    suspensions:
      - deployment: wines
        reason: the wine team measures by hand
        until: 2026-11-20          # and today is 2026-11-23

Fix
    Remove it, or write a later end, reviewed like the first one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.wording import say_duration
from reconciler.state.documents import PathKey
from reconciler.state.exceptions import Exceptions
from reconciler.state.findings import Finding, Grade
from reconciler.state.moments import find_end

_SOON = timedelta(days=3)


def check(context: Context) -> Iterator[Finding]:
    if context.now is None:
        return
    for name, environment in sorted(context.repository.environments.items()):
        if environment.exceptions is None:
            continue
        for path, what, until in _list_dated(environment.exceptions.declaration):
            said = _judge(until, context.now)
            if said:
                yield POLICY.finding(
                    environment.exceptions.document.at(*path, "until"),
                    f"{name}: {what} {said}.",
                    "Remove it, or give it a later end.",
                )


def _list_dated(declared: Exceptions) -> Iterator[tuple[tuple[PathKey, ...], str, str]]:
    for index, hold in enumerate(declared.holds):
        if hold.until is not None:
            yield ("holds", index), f"the hold of v{hold.version} of {hold.deployment}", hold.until
    for index, freeze in enumerate(declared.freezes):
        yield ("freezes", index), f"the freeze ({freeze.reason})", freeze.until
    for index, window in enumerate(declared.windows):
        yield ("windows", index), f"the window ({window.reason})", window.until
    for index, suspension in enumerate(declared.suspensions):
        yield ("suspensions", index), f"the suspension of {suspension.deployment}", suspension.until


def _judge(until: str, now: datetime) -> str:
    end = find_end(until)
    if end is None:
        # A day that does not exist is told by the rules about what exceptions name.
        return ""
    if end <= now:
        return f"ended {until}; expected an end that is to come"
    if end <= now + _SOON:
        return f"ends soon ({until}, in {say_duration(end - now)}); expected a later end where it is needed"
    return ""


POLICY = Policy(
    id="exceptions-current",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.TIME),
    grade=Grade.ADVISORY,
)
