"""Each node of a graph is a model or a component.

What it checks
    A node names either a registered model with its version (`model`, `version`), or the image and type of a
    component. A node with a model is of type `model`, unless its server is `custom`; a component has no
    model server. Beside a graph the variant's own `serving` block says nothing that is for one container
    alone (`server`, `image`, `port`, `parameters`, `storage`).

Why
    The operator starts a model server for a node and makes it a model whatever its type says; for a node
    without model it needs a container, and without a type it calls nothing. What a variant says of one
    container would be taken by each model of its graph, and by no component.

Example
    graph:
      name: average
      type: combiner          # no image: nothing could run
      children:
        - {name: red, model: reds}     # no version

Fix
    {name: red, model: reds, version: 3}
    {name: average, type: combiner, image: "registry.example.com/ml/average@sha256:…", children: […]}
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context, PlacedContainer, PlacedDeployment, PlacedVariant
from reconciler.policy.engine import Policy
from reconciler.state.declarations import GraphNode
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for placed in deployment.variants:
            yield from _check_variant(deployment, placed)
            for container in placed.containers:
                if container.node is None:
                    continue
                for fault, advice in _find_faults(container.node.node, container):
                    yield POLICY.finding(
                        deployment.container_at(container),
                        f"{deployment.id}: node {container.title} {fault}.",
                        advice,
                    )


def _check_variant(deployment: PlacedDeployment, placed: PlacedVariant) -> Iterator[Finding]:
    serving = placed.variant.serving
    if placed.variant.graph is None or serving is None:
        return
    for key in ("server", "image", "port", "parameters", "storage"):
        if getattr(serving, key) is not None:
            yield POLICY.finding(
                deployment.variant_at(placed, "serving", key),
                f"{deployment.id}: {placed.name} says {key} for all nodes of its graph; expected it at one.",
                f"Say {key}: at the node.",
            )


def _find_faults(node: GraphNode, container: PlacedContainer) -> Iterator[tuple[str, str]]:
    if node.model is None:
        yield from _find_component_faults(node)
        return
    if node.version is None:
        yield f"names no version of {node.model}", "Add version: with the number of the registry version."
    server = container.serving.serving.server
    if container.type != "model" and server not in (None, "custom"):
        yield (
            f"is a {container.type}, but the operator makes a model of what has the {server} server",
            "Remove type:, or serve it with server: custom and an image of its own.",
        )


def _find_component_faults(node: GraphNode) -> Iterator[tuple[str, str]]:
    if node.version is not None:
        yield f"has version {node.version} of no model", "Add model: with the model's folder."
    if node.image is None:
        yield (
            "is neither a model nor a component with an image",
            "Name a model and its version, or an image with its digest.",
        )
    elif node.type is None:
        yield (
            "is a component that does not say what it does",
            "Add type: transformer, output-transformer, router, combiner or model.",
        )
    if node.server not in (None, "custom"):
        yield (
            f"has the {node.server} server but no model that it could load",
            "Name a model and its version, or remove server:.",
        )


POLICY = Policy(id="graph-nodes-complete", documentation=__doc__, check=check)
