"""A variant's graph as the templates need it: its nodes, and the containers of each of its Pods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.render.servers import Backend, find_backend
from reconciler.state.declarations import SecretKey
from reconciler.state.desired import DesiredContainer, DesiredModel, DesiredNode, ParameterValue
from reconciler.state.ports import Ports, give_ports

PROBE_PERIOD = 5  # seconds

_TYPES = {
    "model": "MODEL",
    "transformer": "TRANSFORMER",
    "output-transformer": "OUTPUT_TRANSFORMER",
    "router": "ROUTER",
    "combiner": "COMBINER",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What the template of a container needs to know; nothing of it depends on other variants."""

    name: str
    image: str
    backend: Backend
    env: tuple[tuple[str, str], ...]
    secret_env: tuple[tuple[str, SecretKey], ...]
    requests: Mapping[str, str]
    limits: Mapping[str, str]
    ports: Ports
    startup_failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What the template of a graph's node needs to know. `parameters` are name, type and text of each."""

    name: str
    type: str
    implementation: str | None
    model: DesiredModel | None
    service_account: str | None
    parameters: tuple[tuple[str, str, str], ...]
    logger: Mapping[str, str]
    children: tuple[Node, ...]


def make_node(node: DesiredNode, service_account: str | None) -> Node:
    """A node and all below it. The service account is given to those that load a model."""
    container = node.container
    backend = find_backend(container.server, container.protocol)
    return Node(
        name=container.name,
        type=_TYPES[node.type],
        implementation=backend.implementation,
        model=container.model,
        service_account=service_account if container.model is not None else None,
        parameters=_type_parameters({**dict(backend.parameters), **container.parameters}),
        logger=_logger(container),
        children=tuple(make_node(child, service_account) for child in node.children),
    )


def group_containers(graph: DesiredNode) -> tuple[tuple[Container, ...], ...]:
    """The containers of each componentSpec: those that share a Pod first, then each that has its own.

    Ports are counted over the graph, so that they do not depend on other variants: the operator counts
    them over all predictors, and a changed list would restart Pods. A single model has the first ones.
    """
    nodes = tuple((node, _make_container(index, node.container)) for index, node in enumerate(graph.walk()))
    shared = tuple(container for node, container in nodes if not node.own_pod)
    own = tuple((container,) for node, container in nodes if node.own_pod)
    return (shared, *own) if shared else own


def startup_budget(graph: DesiredNode) -> int:
    """Seconds until the last probe of a starting container: its Deployment must not be given up before."""
    return PROBE_PERIOD * max(_count_failures(node.container) for node in graph.walk())


def _make_container(index: int, container: DesiredContainer) -> Container:
    backend = find_backend(container.server, container.protocol)
    # Ours comes last: answers must be attributed to the version that gave them.
    own = {}
    if container.model is not None and backend.takes_version:
        own["MLSERVER_MODEL_VERSION"] = str(container.model.version)
    return Container(
        name=container.name,
        image=container.image,
        backend=backend,
        env=tuple(sorted({**container.env, **own}.items())),
        secret_env=tuple(sorted(container.secret_env.items(), key=lambda item: item[0])),
        requests=dict(container.requests),
        limits=dict(container.limits),
        ports=give_ports(index, container.port),
        startup_failures=_count_failures(container),
    )


def _count_failures(container: DesiredContainer) -> int:
    return max(1, -(-container.startup // PROBE_PERIOD))


def _logger(container: DesiredContainer) -> Mapping[str, str]:
    logger = container.logger
    if logger is None:
        return {}
    return {"mode": logger.mode} if logger.url is None else {"mode": logger.mode, "url": logger.url}


def _type_parameters(parameters: Mapping[str, ParameterValue]) -> tuple[tuple[str, str, str], ...]:
    return tuple((name, *_type_value(value)) for name, value in _sorted(parameters.items()))


def _sorted(items: Iterable[tuple[str, ParameterValue]]) -> list[tuple[str, ParameterValue]]:
    return sorted(items, key=lambda item: item[0])


def _type_value(value: ParameterValue) -> tuple[str, str]:
    """Seldon's type of a parameter, and its value as text (a truth value is an int to Python)."""
    if isinstance(value, bool):
        return "BOOL", "true" if value else "false"
    if isinstance(value, int):
        return "INT", str(value)
    if isinstance(value, float):
        return "DOUBLE", repr(value)
    return "STRING", value
