"""Nodes of a graph have the children that their type asks for.

What it checks
    Routers and combiners have children, an output transformer exactly one, a transformer at most one; a model
    has at most one, and none where the protocol is v2. No graph is nested deeper than ten levels below its
    root.

Why
    With several children and no combiner the orchestrator answers with the first child alone; with protocol
    v2 it does not call a model that has children at all; the kind's schema ends at ten levels.

Example
    # protocol: v2
    graph:
      name: red
      model: reds
      version: 3
      children: [{name: white, model: whites, version: 7}]

Fix
    Put a combiner above models that answer together, a transformer above or below one that they pass
    through.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context, PlacedContainer
from reconciler.policy.engine import Policy
from reconciler.state.findings import Finding

DEPTH_LIMIT = 10
"""Levels of children below the root that the kind's schema holds."""


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for placed in deployment.variants:
            for container in placed.containers:
                found = _find_fault(container)
                if found is not None:
                    fault, advice = found
                    yield POLICY.finding(
                        deployment.container_at(container),
                        f"{deployment.id}: node {container.title} {fault}.",
                        advice,
                    )


def _find_fault(container: PlacedContainer) -> tuple[str, str] | None:
    placed = container.node
    if placed is None:
        return None
    # Those below it are too deep as well: the first one says enough.
    if placed.level == DEPTH_LIMIT + 2:
        return (
            f"lies {DEPTH_LIMIT + 1} levels below the root; limit {DEPTH_LIMIT}",
            "Join components, so that the graph gets flatter.",
        )
    children = len(placed.node.children or ())
    if container.type in ("router", "combiner") and children == 0:
        return f"is a {container.type} without children", "Add children:, or remove the node."
    if container.type == "output-transformer" and children != 1:
        return (
            f"is an output-transformer with {children} children; it transforms the answer of exactly one",
            "Give it one child; put a combiner between it and several.",
        )
    if container.type in ("transformer", "model") and children > 1:
        return (
            f"is a {container.type} with {children} children; only the first of them would answer",
            "Put a combiner, or a router, between it and its children.",
        )
    if container.type == "model" and children and container.serving.serving.protocol == "v2":
        return (
            "is a model with a child, which protocol v2 does not call",
            "Put the two under a combiner, or make a component of type transformer of one.",
        )
    return None


POLICY = Policy(id="graph-shape-fits", documentation=__doc__, check=check)
