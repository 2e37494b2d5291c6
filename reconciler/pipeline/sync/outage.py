"""A repository that cannot be reached: what was read of it last heals what is there, and does nothing else.

Pure, but for asking the cache.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.clients.source.interface import Revision, Source, SourceUnreachable
from reconciler.plan.describe import sort_changes
from reconciler.settings import Settings
from reconciler.state.plans import Cause, Change, Op, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Why the repository cannot be asked, and what is used in its place: a revision, last seen at a time."""

    reason: str
    revision: Revision
    seen: datetime

    def describe(self, now: datetime) -> str:
        """A sentence for people."""
        return (
            f"the repository could not be asked, so {self.revision} is used, which it last named "
            f"{describe_age(now, self.seen)} ago (--git-cache): drift is healed, and nothing is pruned or "
            f"brought to another revision. {self.reason}"
        )


def find_outage(source: Source, settings: Settings, error: SourceUnreachable, now: datetime) -> Outage:
    """What is used in place of a repository that cannot be reached.

    Raises the error where there is nothing, or nothing that is young enough, and says so.
    """
    recalled = source.recall(settings.ref)
    if recalled is None:
        raise error
    age = now - recalled.seen
    # A time that is yet to come says that one of the clocks is wrong, so the age is not known.
    if not timedelta(0) <= age < timedelta(seconds=settings.max_tree_age):
        # The moment and not the age: what a record tells already is not told again.
        raise SourceUnreachable(
            f"{error} What was read last, {recalled.revision}, was seen at "
            f"{recalled.seen:%Y-%m-%d %H:%M} UTC; that is too old to go on with (--max-tree-age). "
            "What is served stays as it is.",
            seen=recalled.seen,
        ) from error
    return Outage(reason=str(error), revision=recalled.revision, seen=recalled.seen)


def check_applied(applied: str, revision: str, seen: datetime) -> None:
    """Raises SourceUnreachable where another commit is applied than the one that was read last, at `seen`.

    Which of the two is the newer one only the repository can tell, so nothing is compared.
    """
    if applied.rpartition(":")[2] != revision.rpartition(":")[2]:
        raise SourceUnreachable(
            f"the repository cannot be reached, and {revision}, which was read last, is not what is applied "
            f"({applied or 'nothing yet'}). Nothing was changed; what is served stays as it is.",
            seen=seen,
        )


def hold_for_outage(plan: Plan) -> Plan:
    """The plan with nothing but the healing of drift."""
    return replace(plan, changes=sort_changes([_hold(change) for change in plan.changes]))


def _hold(change: Change) -> Change:
    heals = change.cause is Cause.DRIFT and change.op is not Op.DELETE
    if change.op is Op.SKIP or heals:
        return change
    reason = "it is no drift, so it waits until the repository can be reached again"
    return replace(change, op=Op.SKIP, reason=reason, held=True)


def describe_age(now: datetime, then: datetime) -> str:
    """`5 min`, `3 h`, `2 days`."""
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"
