"""How models are served: settings of containers, and of the Pods that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.state.scheduling import Affinity, Toleration
from reconciler.state.written import Address, Declaration, Duration, Quantity, Share, Version

Server = Literal["mlflow", "sklearn", "xgboost", "tensorflow", "triton", "huggingface", "custom"]
Protocol = Literal["v2", "seldon", "tensorflow"]
NodeType = Literal["model", "transformer", "output-transformer", "router", "combiner"]
LoggerMode = Literal["all", "request", "response"]
ExplainerType = Literal[
    "anchor-tabular",
    "anchor-images",
    "anchor-text",
    "counterfactuals",
    "contrastive",
    "kernel-shap",
    "integrated-gradients",
    "ale",
    "tree-shap",
]

Count = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Utilization = Annotated[
    int, Field(ge=1, le=1000, description="Percent of what the containers request, on average over the Pods.")
]


class ResourceList(Declaration):
    """Amounts of compute."""

    cpu: Quantity | None = None
    memory: Quantity | None = None


class Resources(Declaration):
    """What a container asks for, and what it may use at most."""

    requests: ResourceList | None = None
    limits: ResourceList | None = None


class SecretKey(Declaration):
    """One value of a Secret of the namespace; only names are ever written here."""

    secret: str = Field(description="Name of the Secret; allow.secrets must cover it.")
    key: str = Field(description="Key in the Secret.")


class RequestLogger(Declaration):
    """Where the orchestrator sends copies of requests and answers, as CloudEvents."""

    mode: LoggerMode = Field(description="Which of them are sent: request, response, or all.")
    url: Address | None = Field(
        default=None, description="Where they are sent, where not to the operator's own default."
    )


class Storage(Declaration):
    """How the files of a model come into its Pod."""

    secret: str | None = Field(
        default=None,
        description="Secret with the storage initializer's RCLONE_CONFIG_* keys, if not that of artifacts:.",
    )
    image: str | None = Field(
        default=None, description="Image of the storage initializer, where not the operator's."
    )


class ContainerSettings(Declaration):
    """Settings of one container: a model server, or a component of a graph."""

    server: Server | None = Field(default=None, description="Which kind of model server loads the model.")
    protocol: Protocol | None = Field(default=None, description="The protocol that clients speak.")
    image: str | None = Field(
        default=None, description="The container's image, where not the environment's one for this server."
    )
    env: Mapping[str, str] | None = Field(default=None, description="Environment variables of the container.")
    secret_env: Mapping[str, SecretKey] | None = Field(
        default=None, description="Environment variables whose values are in Secrets."
    )
    parameters: Mapping[str, bool | int | float | str] | None = Field(
        default=None, description="Parameters of the server or component; they keep their YAML type."
    )
    resources: Resources | None = None
    startup: Duration | None = Field(
        default=None, description="How long the server may take to become ready."
    )
    port: Port | None = Field(
        default=None,
        description="The port that the container answers HTTP on, where not the one that it is told to.",
    )
    request_logger: RequestLogger | None = None
    storage: Storage | None = None


class TriggerAuthentication(Declaration):
    """KEDA's object that holds what a trigger needs to log in."""

    name: str = Field(description="Name of the object.")
    kind: Literal["TriggerAuthentication", "ClusterTriggerAuthentication"] | None = Field(
        default=None, description="Kind of the object, where not TriggerAuthentication."
    )


class Trigger(Declaration):
    """What KEDA scales by."""

    type: Annotated[str, Field(min_length=1)] = Field(
        description="Kind of trigger as KEDA calls it, such as prometheus or cron."
    )
    metadata: Mapping[str, str] = Field(description="What this kind of trigger asks for; values are text.")
    name: str | None = Field(default=None, description="A name to tell triggers of one kind apart.")
    metric_type: Literal["AverageValue", "Value", "Utilization"] | None = Field(
        default=None, description="How the metric is compared with its target."
    )
    authentication: TriggerAuthentication | None = None


class ScalingFallback(Declaration):
    """How many Pods there are while KEDA cannot read its triggers."""

    failures: Count = Field(description="Failed readings in a row before this holds.")
    replicas: Count = Field(description="Pods for each variant meanwhile.")


class Scaling(Declaration):
    """Numbers of Pods that follow the load: by cpu and memory, or with KEDA by triggers."""

    min: Count | None = Field(default=None, description="Fewest Pods for each variant; 1 if not said.")
    max: Count | None = Field(default=None, description="Most Pods for each variant.")
    cpu: Utilization | None = None
    memory: Utilization | None = None
    triggers: tuple[Trigger, ...] | None = Field(
        default=None, description="What KEDA scales by; the platform must have it (platform.keda)."
    )
    poll: Duration | None = Field(default=None, description="How often KEDA reads its triggers.")
    cooldown: Duration | None = Field(
        default=None, description="How long KEDA waits before it scales down to the fewest Pods."
    )
    fallback: ScalingFallback | None = None


class Disruption(Declaration):
    """How many Pods of a deployment may be away at once when nodes are drained; one of the two."""

    min_available: Annotated[int, Field(ge=0)] | Share | None = Field(
        default=None, description="Pods of all variants together that stay: a number, or a percentage."
    )
    max_unavailable: Annotated[int, Field(ge=0)] | Share | None = Field(
        default=None, description="Pods of all variants together that may be away."
    )


class Orchestrator(Declaration):
    """Seldon's container beside the model that takes the requests, counts and logs them."""

    resources: Resources | None = None
    env: Mapping[str, str] | None = Field(default=None, description="Environment variables of it.")


class Explainer(Declaration):
    """A server of its own that explains the answers of its variant."""

    type: ExplainerType | None = Field(default=None, description="Method of the explanations.")
    model: str | None = Field(
        default=None, description="A folder under models/ that holds the trained explainer."
    )
    version: Version | None = None
    image: str | None = Field(default=None, description="Image of the explainer, where not the stock one.")
    replicas: Count | None = Field(default=None, description="Pods of the explainer.")
    resources: Resources | None = None
    service_account: str | None = Field(default=None, description="ServiceAccount of the explainer's Pods.")
    init_parameters: Mapping[str, Any] | None = Field(
        default=None, description="Parameters that the explainer is made with; protocol v2 only."
    )
    config: Mapping[str, str] | None = Field(
        default=None, description="Options of the explainer's command; not with protocol v2."
    )
    storage: Storage | None = None


class Serving(ContainerSettings):
    """How a model is served. Every key may stand in any layer; the later layer wins, mappings merge."""

    replicas: Count | None = Field(default=None, description="Pods for each variant.")
    scaling: Scaling | None = None
    disruption: Disruption | None = None
    service_account: str | None = Field(default=None, description="ServiceAccount of the Pods.")
    node_selector: Mapping[str, str] | None = Field(
        default=None, description="Labels that a node must have to run the Pods."
    )
    tolerations: tuple[Toleration, ...] | None = Field(
        default=None, description="Taints of nodes that the Pods may run in spite of."
    )
    affinity: Affinity | None = None
    priority_class: str | None = Field(
        default=None, description="PriorityClass of the Pods; allow.priorityClasses must cover it."
    )
    termination_grace: Duration | None = Field(
        default=None, description="How long a Pod may take to end its work after it was told to stop."
    )
    orchestrator: Orchestrator | None = None
    explainer: Explainer | None = None
    annotations: Mapping[str, bool | int | str] | None = Field(
        default=None,
        description="Annotations seldon.io/… of the whole deployment; only known ones, not in a variant.",
    )


class GraphNode(ContainerSettings):
    """A node of an inference graph: a registry-pinned model, or a component of its own image."""

    name: str = Field(description="Name of the node, and of its container.")
    type: NodeType | None = Field(
        default=None, description="What the node does with a request; model where one is named."
    )
    model: str | None = Field(default=None, description="A folder under models/.")
    version: Version | None = None
    own_pod: bool = Field(default=False, description="Whether the node's container runs in Pods of its own.")
    children: tuple[GraphNode, ...] | None = Field(
        default=None, description="Nodes that this one passes requests to, or takes answers from."
    )
