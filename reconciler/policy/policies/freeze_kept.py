"""While an environment is frozen nothing changes there.

What it checks
    No change touches what an environment serves while a freeze of its `exceptions.yaml` holds: one that holds
    where the change began, or one that comes with it. Going back to a set that served here before, ending a
    deployment by `retire: true`, taking variants out and lowering challengers are never stopped.

Why
    A freeze is a promise to people who are not asked about each change. What is merged meanwhile would be
    applied the moment that it ends, all at once and with nobody looking.

Example
    # environments/production/exceptions.yaml
    freezes:
      - {until: 2026-11-30, reason: the sale of the year}
    # and environments/production/deployments/wines.yaml gives v5 a share

Fix
    Merge it after the freeze. One that is not needed any more is ended by a change of its own first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reconciler.policy.changes import list_changed
from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.placed import PlacedDeployment
from reconciler.policy.pods import list_pairs, list_unread, say_unread
from reconciler.policy.restoring import brings_back, only_withdraws, restores, withdraws_shares
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Undecided
from reconciler.state.freezing import find_freeze
from reconciler.state.repository import Repository


def check(context: Context) -> Iterator[Finding | Undecided]:
    if context.base is None or context.now is None:
        return
    frozen = {
        name: said
        for name in sorted({*context.base.environments, *context.repository.environments})
        if (said := _describe_freeze(context.base, context.repository, name, context.now))
    }
    unknown = {name for name, entry in context.base.environments.items() if entry.has_faulty_exceptions}
    if not frozen and not unknown:
        return
    told = set()
    for name, location, what in sorted(_list_touched(context)):
        environment = name.partition("/")[0]
        told.add(name)
        if environment in frozen:
            yield POLICY.finding(
                location,
                f"{name}: {what}, but changes in {environment} are frozen {frozen[environment]}.",
                "Merge it after the freeze, or end the freeze in a change of its own first. Going back stays "
                f"possible: modelsync rollback {name}",
                subject=name,
            )
        elif environment in unknown:
            yield POLICY.undecided(
                f"environments/{environment}/exceptions.yaml of the base cannot be read, so whether changes "
                "are frozen is not known (mend it in a change of its own)"
            )
    for deployment, file in list_unread(context):
        if deployment.environment.name in frozen and deployment.id not in told:
            yield POLICY.undecided(say_unread(file))


def _describe_freeze(base: Repository, head: Repository, name: str, now: datetime) -> str:
    """`until 2026-11-30 (the sale of the year)`; empty where no freeze holds on either side."""
    for side in (base, head):
        entry = side.environments.get(name)
        exceptions = None if entry is None else entry.known_exceptions
        for freeze in () if exceptions is None else exceptions.freezes:
            found = find_freeze(freeze, now)
            if found is not None:
                return f"until {found.said} ({freeze.reason})"
    return ""


def _list_touched(context: Context) -> Iterator[tuple[str, Location, str]]:
    """The deployments that a change touches and may not during a freeze, where, and how."""
    ended = {placed.id for placed in context.deployments} - {placed.id for placed in context.served}
    unread = {deployment.id for deployment, _ in list_unread(context)}
    pairs = {after.id: (before, after) for before, after in list_pairs(context)}
    for changed in list_changed(context):
        before, after = changed.before, changed.after
        if before is None and after is not None and not restores(context.history, after):
            yield after.id, after.at("variants"), f"this change makes it ({_say(after)})"
        elif before is not None and after is None and before.id not in ended:
            yield before.id, Location(file=before.entry.document.file), "this change removes it"
        elif before and after and not (after.id in unread and withdraws_shares(before, after)):
            # Versions and shares are known though another file of the base may not be.
            pairs[after.id] = (before, after)
    for before, after in pairs.values():
        if not (brings_back(context.history, before, after) or _lowers(before, after)):
            yield after.id, after.at("variants"), f"this change touches what it serves ({_say(after)})"


def _say(placed: PlacedDeployment) -> str:
    """`v3 90 %, v5 10 %, v6 as shadow`."""
    return ", ".join(
        f"{one.name} as shadow"
        if one.variant.shadow is not None
        else f"{one.name} {one.variant.traffic or 0} %"
        for one in placed.variants
    )


def _lowers(before: PlacedDeployment, after: PlacedDeployment) -> bool:
    was, now = (side.entry.declaration.variants for side in (before, after))
    return was != now and only_withdraws(before, after)


POLICY = Policy(
    id="freeze-kept",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.BASE, Need.TIME),
)
