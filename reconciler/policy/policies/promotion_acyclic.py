"""Promotion leads from one environment to the next, never in a circle.

What it checks
    Following `upstream:` from an environment never comes back to it.

Why
    A version is promoted from upstream to here. In a circle each environment would wait for the other to
    have proven the version first.

Example
    # environments/staging/environment.yaml
    upstream: [production]
    # environments/production/environment.yaml
    upstream: [staging]

Fix
    Remove the entry that points backwards: the first environment of the order has no upstream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    entries = dict(context.environments())
    upstream = {name: entry.declaration.upstream for name, entry in entries.items()}
    if _is_ordered(upstream):
        return
    for name, entry in entries.items():
        circle = find_circle(name, upstream)
        if circle:
            yield POLICY.finding(
                entry.document.at("upstream", upstream[name].index(circle[1])),
                f"{name}: promotion goes in a circle ({' ← '.join(circle)}); expected one of them without "
                "upstream.",
                "Remove the entry that points backwards; the first environment of the order has no upstream.",
            )


def find_circle(start: str, upstream: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The shortest way through `upstream` from an environment back to itself, both ends named; or nothing."""
    came_from: dict[str, str] = {}
    queue = deque([start])
    while queue:
        name = queue.popleft()
        for following in upstream.get(name, ()):
            if following == start:
                return _trace(start, name, came_from)
            if following not in came_from:
                came_from[following] = name
                queue.append(following)
    return ()


def _trace(start: str, last: str, came_from: Mapping[str, str]) -> tuple[str, ...]:
    way = [start]
    while last != start:
        way.append(last)
        last = came_from[last]
    return (start, *reversed(way))


def _is_ordered(upstream: Mapping[str, tuple[str, ...]]) -> bool:
    try:
        TopologicalSorter(upstream).prepare()
    except CycleError:
        return False
    return True


POLICY = Policy(id="promotion-acyclic", documentation=__doc__, check=check)
