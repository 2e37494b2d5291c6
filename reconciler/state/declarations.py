"""The declarations that people write, as strict types; the JSON Schemas are generated from them.

Keys are camelCase in YAML (rules are kebab-case); values are strict: `"10"` is not 10, `yes` is not true.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Server = Literal["mlflow", "sklearn", "xgboost", "tensorflow", "triton", "huggingface", "custom"]
Protocol = Literal["v2", "seldon", "tensorflow"]

Version = Annotated[
    int, Field(ge=1, description="Registry version: an integer from 1, never an alias or stage.")
]
Percent = Annotated[int, Field(ge=0, le=100)]
Duration = Annotated[
    str,
    Field(pattern=r"^[1-9][0-9]*[smhd]$|^0[smhd]$", description="A whole number and a unit: 90m, 24h, 7d."),
]
Share = Annotated[str, Field(pattern=r"^(100|[1-9]?[0-9])%$", description="A percentage such as 20%.")]
Quantity = Annotated[
    str,
    Field(
        pattern=r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$",
        description="A Kubernetes quantity in quotes or with a unit: 200m, 512Mi.",
    ),
]
Timestamp = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$",
        description="A UTC date or time: 2026-11-30 (its end) or 2026-11-30T12:00Z.",
    ),
]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Declaration(BaseModel):
    """Base of everything declared: strict, frozen, and closed to unknown keys."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
    )


class ResourceList(Declaration):
    """Amounts of compute."""

    cpu: Quantity | None = None
    memory: Quantity | None = None


class Resources(Declaration):
    """What a model container asks for, and what it may use at most."""

    requests: ResourceList | None = None
    limits: ResourceList | None = None


class Serving(Declaration):
    """How a model is served. Every key may stand in any layer; the later layer wins, mappings merge."""

    server: Server | None = Field(None, description="Which kind of model server loads the model.")
    protocol: Protocol | None = Field(None, description="The protocol that clients speak.")
    replicas: Annotated[int, Field(ge=1)] | None = Field(None, description="Pods for each variant.")
    resources: Resources | None = None
    image: str | None = Field(
        None, description="The server's image, where not the environment's one for this server."
    )
    service_account: str | None = Field(None, description="ServiceAccount of the Pods.")
    env: Mapping[str, str] | None = Field(None, description="Environment variables of the model container.")
    startup: Duration | None = Field(None, description="How long the server may take to become ready.")


class GraphNode(Declaration):
    """A node of an inference graph around registry-pinned models."""

    name: str
    type: Literal["model", "transformer", "output-transformer", "router", "combiner"] | None = None
    image: str | None = None
    model: str | None = None
    version: Version | None = None
    children: tuple[GraphNode, ...] | None = None


class Variant(Declaration):
    """One model version and its share of traffic, or its shadow share."""

    version: Version | None = None
    traffic: Percent | None = Field(None, description="Percent of live requests; live variants sum to 100.")
    shadow: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="Percent of requests mirrored to this variant; its answers are dropped."
    )
    name: str | None = Field(
        None, description="Predictor name, where not the derived one (v5, v6-shadow, v5-r2)."
    )
    rollout: Annotated[int, Field(ge=2)] | None = Field(
        None, description="Counts up when a live variant's Pods must change; gives the predictor a new name."
    )
    serving: Serving | None = None
    graph: GraphNode | None = None


class Reward(Declaration):
    """What experiments are decided by."""

    name: str
    range: tuple[float, float]


class Experiment(Declaration):
    """An A/B test between live variants."""

    baseline: str
    challengers: tuple[str, ...]
    reward: Reward
    min_samples: Annotated[int, Field(ge=1)]
    until: Timestamp


class Deployment(Declaration):
    """`environments/<env>/deployments/<name>.yaml`: which versions take which traffic."""

    model: str = Field(description="A folder under models/.")
    variants: Annotated[tuple[Variant, ...], Field(min_length=1)] = Field(
        description="The first live one is the baseline; commands append."
    )
    serving: Serving | None = None
    adopt: bool = Field(False, description="Take over an object of this name that modelsync did not make.")
    retire: bool = Field(False, description="Prune this deployment; this is the approval.")
    experiment: Experiment | None = None


class Model(Declaration):
    """`models/<model>/model.yaml`: what is served."""

    registered_model: Annotated[str, Field(min_length=1)] = Field(
        description="Its name in the MLflow registry."
    )
    registry: str = Field("main", description="The registry; main is the one of MLFLOW_TRACKING_URI.")
    owners: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="Who answers for it: @team or e-mail."
    )
    description: str | None = None
    serving: Serving | None = None


class Defaults(Declaration):
    """`models/defaults.yaml`: serving defaults for all models."""

    serving: Serving


class Loads(Declaration):
    """What a server image can load."""

    mlflow: str | None = None
    python: str | None = None
    formats: tuple[str, ...] | None = None


class ServerImage(Declaration):
    """The image of one server and protocol."""

    image: str
    loads: Loads | None = None


class Platform(Declaration):
    """What offline rules must know of the cluster."""

    target: Literal["seldon-v1"] = "seldon-v1"
    ingress: Literal["istio", "ambassador-v1", "ambassador-v2"] = "istio"
    keda: bool = False
    servers: Mapping[Server, Mapping[Protocol, ServerImage]] = Field(default_factory=dict)


class ArtifactMapping(Declaration):
    """Where the storage initializer of the cluster finds what a registry calls by another name."""

    registry: str = "main"
    from_: str = Field(
        alias="from", description="Prefix of the registry's location, such as mlflow-artifacts:/"
    )
    to: str = Field(description="The prefix that stands for it in the cluster, such as s3://mlflow/artifacts")
    secret: str | None = Field(
        None, description="Secret with the storage initializer's RCLONE_CONFIG_* keys."
    )


class Allow(Declaration):
    """What declarations may name; never waivable. Patterns use * for any characters."""

    service_accounts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    images: tuple[str, ...] = ()


class Metrics(Declaration):
    """Source of served traffic."""

    prometheus: str


class Cluster(Declaration):
    """What differs in one cluster of an environment."""

    artifacts: tuple[ArtifactMapping, ...] | None = None
    metrics: Metrics | None = None
    platform: Platform | None = None


class Soak(Declaration):
    """How long a version must have been upstream before it takes a share here."""

    shadow: Duration | None = None
    up_to10: Duration | None = Field(None, alias="upTo10")
    above: Duration | None = None


class Rules(Declaration):
    """Parameters of policies and guards."""

    max_prune: Union[Share, Annotated[int, Field(ge=0)], None] = Field(
        None,
        alias="max-prune",
        description="How many objects, or what percentage (at least one), a run may prune without a waiver.",
    )
    max_traffic_step: Percent | None = Field(None, alias="max-traffic-step")
    soak: Soak | None = None


class Environment(Declaration):
    """`environments/<env>/environment.yaml`: where, and under which rules."""

    namespace: str = Field(description="The namespace that this environment owns in its clusters.")
    clusters: Mapping[str, Cluster] | None = Field(
        None, description="Clusters it is served from, with what differs."
    )
    upstream: tuple[str, ...] = Field((), description="Environments that versions come from.")
    protected: bool = Field(False, description="Rules may only be tightened here.")
    drift: Literal["heal", "report"] = Field(
        "heal", description="What sync does with edits made in the cluster."
    )
    platform: Platform = Field(default_factory=Platform)
    artifacts: tuple[ArtifactMapping, ...] = ()
    allow: Allow = Field(default_factory=Allow)
    metrics: Metrics | None = None
    rules: Rules = Field(default_factory=lambda: Rules())
    serving: Serving | None = None
    retire: bool = Field(False, description="Prune the whole environment; this is the approval.")


class Waiver(Declaration):
    """An exemption of named objects from a rule, until a date."""

    rule: str
    objects: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="environment/deployment, or the environment."
    )
    reason: Annotated[str, Field(min_length=1)]
    until: Timestamp


class Hold(Declaration):
    """A version that automation must skip."""

    deployment: str
    version: Version
    reason: str
    until: Timestamp | None = None


class Freeze(Declaration):
    """A window without changes."""

    from_: Timestamp = Field(alias="from")
    until: Timestamp
    reason: str


class Suspension(Declaration):
    """A deployment, or all, that sync leaves alone."""

    deployment: str
    reason: str
    until: Timestamp


class Exceptions(Declaration):
    """`environments/<env>/exceptions.yaml`: dated exemptions, each with reason and end."""

    waivers: tuple[Waiver, ...] = ()
    holds: tuple[Hold, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    suspensions: tuple[Suspension, ...] = ()


class RecordedFile(Declaration):
    """Size in bytes, and what identifies the content: SHA-256, or the store's own checksum for large files."""

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    checksum: str | None = None


class Identity(Declaration):
    """What makes a registry version this one and no other. A moved fact here is an error."""

    registry: str
    name: str
    version: Version
    source: str = Field(description="Storage location as the registry gives it.")
    run: str | None = None
    logged_model: str | None = None
    created: str = Field(description="When the registry made the version (UTC, ISO 8601).")
    digest: Digest = Field(description="SHA-256 over names, sizes and checksums of the files.")
    files: Mapping[str, RecordedFile]


class Loader(Declaration):
    """What a server must be able to load; from MLmodel. A moved fact here is an error."""

    flavours: Mapping[str, Any]
    mlflow: str | None = None
    python: str | None = None
    signature: Mapping[str, Any] | None = None


class Evidence(Declaration):
    """What is known of the version's quality and origin. A moved fact here is advice."""

    metrics: Mapping[str, Union[float, int]] = Field(default_factory=dict)
    parameters: Mapping[str, Union[str, int, float, bool]] = Field(default_factory=dict)
    dataset: Mapping[str, Any] | None = None
    tags: Mapping[str, str] = Field(default_factory=dict)
    commit: str | None = None


class VersionRecord(Declaration):
    """`models/<model>/versions/<n>.yaml`: the reviewed facts of one registry version, written by `modelsync pin`."""

    identity: Identity
    loader: Loader
    evidence: Evidence
