"""An emergency in plain words: what it would do, and what it did."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.plan.wording import choose, describe_set, join_words, shorten_revision
from reconciler.state.emergencies import Rollback
from reconciler.state.inventory import EmergencyMark


def show_rollback(rollback: Rollback) -> str:
    """What is served now, what it goes back to, and for how long."""
    return "\n".join(_list_lines(rollback))


def _list_lines(rollback: Rollback) -> Iterator[str]:
    mark = rollback.mark
    yield f"{rollback.name} (namespace {rollback.target.namespace})"
    yield f"  applied now   {describe_set(rollback.applied) or 'nothing: the object is not there'}"
    declared = shorten_revision(rollback.good.revision)
    yield f"  goes back to  {describe_set(mark.shares)}, which served well at {declared}"
    yield f"  until         {mark.until:%Y-%m-%d %H:%M:%S} UTC; sync leaves it alone meanwhile"
    yield f"  by            {mark.by}: {mark.reason}"
    if rollback.others:
        names = join_words([str(key) for key in rollback.others])
        stay = choose(rollback.others, "stays as it is", "stay as they are")
        yield f"  {names} of the same deployment {stay}."


def show_rolled_back(rollback: Rollback) -> str:
    """What was done, and what comes next."""
    mark = rollback.mark
    return (
        f"{rollback.name}: rolled back to {describe_set(mark.shares)}.\n"
        f"  Sync leaves it alone until {mark.until:%Y-%m-%d %H:%M:%S} UTC, and then makes it as git says: "
        "put that right meanwhile.\n"
        f"  To end it earlier: modelsync emergency end {rollback.name}"
    )


def show_ended(name: str, mark: EmergencyMark) -> str:
    """That sync may write the deployment again."""
    return (
        f"{name}: the emergency of {mark.by} ({mark.reason}) has ended. The next sync makes it as git says: "
        f"modelsync sync --only {name}"
    )
