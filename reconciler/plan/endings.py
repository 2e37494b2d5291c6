"""How an object ends that is no longer declared: pruned, pruned without what was made of it, or kept. Pure.

Three say so: the annotation on the live object, whoever put it there; the record, which remembers what was
declared last, so that an annotation that was taken away changes nothing; and the file of a deployment that
retires. The most careful of them counts. A word that nobody knows keeps.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.plan.wording import name_object
from reconciler.state.inventory import InventoryEntry
from reconciler.state.objects import PRUNE_ANNOTATION, SELDON_DEPLOYMENT, LiveObject, ObjectKey, deployment_of
from reconciler.state.targets import Desired

KEEP, ORPHAN, PRUNE = "keep", "orphan", "prune"

ORPHANED = "what the operator made of it stays and goes on serving (onDelete: orphan)"


def find_ending(live: LiveObject, entry: InventoryEntry | None, desired: Desired) -> str:
    """`keep`, `orphan` or `prune`."""
    recorded = entry.policy if entry is not None else ""
    declared = desired.endings.get(deployment_of(live), "")
    words = {live.annotations.get(PRUNE_ANNOTATION) or PRUNE, recorded or PRUNE, declared or PRUNE}
    if words <= {PRUNE}:
        return PRUNE
    return ORPHAN if words <= {PRUNE, ORPHAN} else KEEP


def find_kept(
    leftovers: tuple[LiveObject, ...], entries: Mapping[ObjectKey, InventoryEntry], desired: Desired
) -> frozenset[ObjectKey]:
    """The objects that are kept, with everything that was made beside a deployment that is kept."""
    own = {item.key for item in leftovers if find_ending(item, entries.get(item.key), desired) == KEEP}
    deployments = {
        deployment_of(item) for item in leftovers if item.key in own and item.key.kind == SELDON_DEPLOYMENT
    }
    return frozenset(own | {item.key for item in leftovers if deployment_of(item) in deployments})


def describe_kept(live: LiveObject, entry: InventoryEntry | None, environment: str) -> str:
    """Why an object without a declaration stays, and how to let it go."""
    name = name_object(environment, live)
    if live.annotations.get(PRUNE_ANNOTATION):
        why = f"{PRUNE_ANNOTATION}: {live.annotations[PRUNE_ANNOTATION]} stands on it"
    elif entry is not None and entry.policy:
        why = f"onDelete: {entry.policy} was declared last"
    else:
        why = "its deployment is kept"
    return (
        f"{name} is no longer declared and is kept, since {why}. "
        "To let it go, declare it once more with onDelete: prune, sync, and end it then"
    )
