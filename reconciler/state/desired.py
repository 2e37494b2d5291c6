"""What a variant should be, with nothing left open: its graph of containers, its Pods, its explainer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.state.declarations import (
    Affinity,
    Disruption,
    ExplainerType,
    NodeType,
    Protocol,
    Quantity,
    RequestLogger,
    SecretKey,
    Server,
    Toleration,
    Trigger,
)

ParameterValue = bool | int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredModel:
    """A pinned version and where the cluster finds its files.

    `folder` is the model's under models/; `secret` holds the storage initializer's credentials, and
    `initializer` is its image (None: the operator's).
    """

    folder: str
    registered_model: str
    version: int
    uri: str
    secret: str | None
    initializer: str | None = None
    run: str | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredContainer:
    """One container: a model server, or a component without a model.

    `requests` and `limits` map `cpu` and `memory` to Kubernetes quantities; `startup` is in seconds; `port`
    is None where the container answers on the one that it is told.
    """

    name: str
    server: Server
    protocol: Protocol
    image: str
    startup: int
    requests: Mapping[str, Quantity]
    limits: Mapping[str, Quantity]
    env: Mapping[str, str] = field(default_factory=dict)
    secret_env: Mapping[str, SecretKey] = field(default_factory=dict)
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    port: int | None = None
    logger: RequestLogger | None = None
    model: DesiredModel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredNode:
    """A node of a variant's graph. A variant of one version is one node of type model."""

    type: NodeType
    container: DesiredContainer
    own_pod: bool = False
    children: tuple[DesiredNode, ...] = ()

    def walk(self) -> Iterator[DesiredNode]:
        """This node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredScaling:
    """Numbers of Pods that follow the load. `cpu` and `memory` are percent of what is requested; `poll` and
    `cooldown` are in seconds; `fallback` pairs failed readings with Pods.
    """

    min: int
    max: int
    cpu: int | None = None
    memory: int | None = None
    triggers: tuple[Trigger, ...] = ()
    poll: int | None = None
    cooldown: int | None = None
    fallback: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredOrchestrator:
    """Seldon's own container; without amounts the operator's defaults hold."""

    requests: Mapping[str, Quantity] = field(default_factory=dict)
    limits: Mapping[str, Quantity] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredPods:
    """The Pods of a variant: how many, and where. `replicas` is None where `scaling` decides."""

    replicas: int | None
    scaling: DesiredScaling | None = None
    disruption: Disruption | None = None
    service_account: str | None = None
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    affinity: Affinity | None = None
    priority_class: str | None = None
    termination_grace: int | None = None
    orchestrator: DesiredOrchestrator = field(default_factory=DesiredOrchestrator)


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredExplainer:
    """A server that explains a variant's answers; `name` is its container's, `model` its trained files."""

    name: str
    type: ExplainerType
    image: str
    replicas: int
    requests: Mapping[str, Quantity]
    limits: Mapping[str, Quantity]
    service_account: str | None = None
    init_parameters: Mapping[str, Any] | None = None
    config: Mapping[str, str] = field(default_factory=dict)
    model: DesiredModel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredVariant:
    """One predictor to be: its role and share (percent), its graph, and its Pods.

    `version` is that of the deployment's model; None for a variant with a graph of its own making.
    """

    predictor: str
    version: int | None
    shadow: bool
    traffic: int
    graph: DesiredNode
    pods: DesiredPods
    explainer: DesiredExplainer | None = None

    @property
    def is_plain(self) -> bool:
        """Whether those that are equal are written alike: 1, 1.0 and true are equal in Python alone.

        Everything but parameters, explainers and scaling has one type.
        """
        return (
            self.explainer is None
            and self.pods.scaling is None
            and not any(node.container.parameters for node in self.graph.walk())
        )

    def models(self) -> Iterator[DesiredModel]:
        """All pinned versions that it loads, in the order of its graph, the explainer's last."""
        for node in self.graph.walk():
            if node.container.model is not None:
                yield node.container.model
        if self.explainer is not None and self.explainer.model is not None:
            yield self.explainer.model
