"""No two environments share a namespace of a cluster.

What it checks
    Two environments with the same `namespace` have no cluster in common. An environment that names no
    clusters counts for every cluster.

Why
    An environment owns its namespace: it prunes there what it no longer declares. Two owners would take
    each other's objects for their own, or fight over one of the same name.

Example
    # environments/staging/environment.yaml
    namespace: wines
    # environments/production/environment.yaml
    namespace: wines

Fix
    Give each environment a namespace of its own. If they are on different clusters, name those under
    `clusters:` in both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Environment
from reconciler.state.findings import Finding
from reconciler.state.repository import Entry

_Named = tuple[str, Entry[Environment]]

_SHOWN = 3


def check(context: Context) -> Iterator[Finding]:
    by_namespace: dict[str, list[_Named]] = defaultdict(list)
    for name, entry in context.environments():
        by_namespace[entry.declaration.namespace].append((name, entry))
    for sharers in by_namespace.values():
        for name, entry in sharers:
            yield from _check_environment(name, entry, sharers)


def _check_environment(name: str, entry: Entry[Environment], sharers: list[_Named]) -> Iterator[Finding]:
    overlaps = [
        (other, other_entry, where)
        for other, other_entry in sharers
        if other != name and (where := _find_overlap(entry.declaration, other_entry.declaration)) is not None
    ]
    if overlaps:
        owners = [
            f"{other}{where} ({other_entry.document.at('namespace')})"
            for other, other_entry, where in overlaps[:_SHOWN]
        ]
        if len(overlaps) > _SHOWN:
            owners.append(f"{len(overlaps) - _SHOWN} more")
        yield POLICY.finding(
            entry.document.at("namespace"),
            f"{name}: namespace {entry.declaration.namespace} belongs to {join_words(owners)} too; "
            "expected one of its own.",
            "Give each a namespace of its own, or name different clusters: in both.",
        )


def _find_overlap(one: Environment, other: Environment) -> str | None:
    """The clusters that both are in, as words after the other's name; None if there is none."""
    if not one.clusters or not other.clusters:
        return ""
    shared = [name for name in one.clusters if name in other.clusters]
    return f" in cluster {join_words(shared)}" if shared else None


POLICY = Policy(id="one-target-per-object", documentation=__doc__, check=check)
