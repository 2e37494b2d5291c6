"""The declarations that people write, as strict types; the JSON Schemas are generated from them.

Keys are camelCase in YAML (rules are kebab-case); values are strict: `"10"` is not 10, `yes` is not true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field

from reconciler.state.findings import Grade
from reconciler.state.scheduling import Affinity as Affinity
from reconciler.state.scheduling import Toleration as Toleration
from reconciler.state.serving import ContainerSettings as ContainerSettings
from reconciler.state.serving import Disruption as Disruption
from reconciler.state.serving import Explainer as Explainer
from reconciler.state.serving import ExplainerType as ExplainerType
from reconciler.state.serving import GraphNode as GraphNode
from reconciler.state.serving import NodeType as NodeType
from reconciler.state.serving import Protocol as Protocol
from reconciler.state.serving import RequestLogger as RequestLogger
from reconciler.state.serving import ResourceList as ResourceList
from reconciler.state.serving import Resources as Resources
from reconciler.state.serving import Scaling as Scaling
from reconciler.state.serving import SecretKey as SecretKey
from reconciler.state.serving import Server as Server
from reconciler.state.serving import Serving as Serving
from reconciler.state.serving import Storage as Storage
from reconciler.state.serving import Trigger as Trigger
from reconciler.state.written import Address as Address
from reconciler.state.written import Bounds as Bounds
from reconciler.state.written import Declaration as Declaration
from reconciler.state.written import Digest as Digest
from reconciler.state.written import Duration as Duration
from reconciler.state.written import Percent as Percent
from reconciler.state.written import Quantity as Quantity
from reconciler.state.written import Sha256 as Sha256
from reconciler.state.written import Share as Share
from reconciler.state.written import Timestamp as Timestamp
from reconciler.state.written import Version as Version

ExtraKind = Literal[
    "AuthorizationPolicy",
    "ConfigMap",
    "DestinationRule",
    "NetworkPolicy",
    "PodMonitor",
    "PrometheusRule",
    "RequestAuthentication",
    "ServiceMonitor",
]
Ingress = Literal["istio", "ambassador-v1", "ambassador-v2"]


class Variant(Declaration):
    """One model version and its share of traffic, or its shadow share."""

    version: Version | None = None
    traffic: Percent | None = Field(
        default=None, description="Percent of live requests; live variants sum to 100."
    )
    shadow: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None, description="Percent of requests mirrored to this variant; its answers are dropped."
    )
    name: str | None = Field(
        default=None, description="Predictor name, where not the derived one (v5, v6-shadow, v5-r2)."
    )
    rollout: Annotated[int, Field(ge=2)] | None = Field(
        default=None,
        description="Counts up when a live variant's Pods must change; gives the predictor a new name.",
    )
    serving: Serving | None = None
    graph: GraphNode | None = Field(
        default=None,
        description="Nested nodes instead of one version. With protocol v2 clients leave the model's name "
        "out of the path (/v2/models/infer): a name would be passed on to every node.",
    )


class Reward(Declaration):
    """What experiments are decided by."""

    name: Annotated[str, Field(min_length=1)] = Field(description="Name of the reward.")
    range: tuple[float, float] | None = Field(
        default=None,
        description="Smallest and largest reward that can be: an unbounded reward has no usable mean.",
    )


Attribution = Literal["predictor", "ledger"]
"""How a reward reaches the variant that answered. Feedback through the gateway meets any of them."""


class Experiment(Declaration):
    """An A/B test between live variants."""

    baseline: str = Field(description="Variant that the challengers are compared with, such as v3.")
    challengers: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="Variants that are to be better than the baseline, such as v5."
    )
    reward: Reward
    attribution: Attribution | None = Field(
        default=None,
        description="How a reward is credited to the variant that answered: predictor, sent to that "
        "predictor's own Service; ledger, kept with the request's ID.",
    )
    min_samples: Annotated[int, Field(ge=1)] = Field(
        description="Rewards of each variant before anything is decided."
    )
    until: Timestamp


class Follow(Declaration):
    """What `modelsync bot` takes for a newer version of the model: one of alias, tag and metric decides."""

    alias: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="The version that this alias of the registered model names."
    )
    tag: Annotated[Mapping[str, str], Field(min_length=1)] | None = Field(
        default=None, description="The highest version that has all of these tags, such as stage: ready."
    )
    metric: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="The version that is best in this metric, if it is better than those that serve on the "
        "same evaluation data.",
    )
    better: Literal["lower", "higher"] | None = Field(
        default=None, description="Which values of the metric are better."
    )
    traffic: Annotated[int, Field(ge=1, le=99)] = Field(
        default=10, description="Percent of live requests that it gets beside the versions that serve."
    )


class Deployment(Declaration):
    """`environments/<env>/deployments/<name>.yaml`: which versions take which traffic."""

    model: str = Field(description="A folder under models/.")
    variants: Annotated[tuple[Variant, ...], Field(min_length=1)] = Field(
        description="The first live one is the baseline; commands append."
    )
    serving: Serving | None = None
    adopt: bool = Field(
        default=False, description="Take over an object of this name that modelsync did not make."
    )
    on_delete: Literal["prune", "keep", "orphan"] = Field(
        default="prune",
        description="What becomes of it once it is no longer declared: prune deletes it and its Pods, keep "
        "leaves it, orphan deletes it and leaves its Pods, Services and routes serving.",
    )
    retire: bool = Field(default=False, description="Prune this deployment; this is the approval.")
    follow: Follow | None = Field(
        default=None, description="Which newer versions modelsync bot proposes here, as pull requests."
    )
    experiment: Experiment | None = None


class Model(Declaration):
    """`models/<model>/model.yaml`: what is served."""

    registered_model: Annotated[str, Field(min_length=1)] = Field(
        description="Its name in the MLflow registry."
    )
    registry: str = Field(default="main", description="The registry; main is the one of MLFLOW_TRACKING_URI.")
    owners: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="Who answers for it: @team or e-mail."
    )
    description: str | None = Field(default=None, description="What the model is for.")
    serving: Serving | None = None


class Defaults(Declaration):
    """`models/defaults.yaml`: serving defaults for all models."""

    serving: Serving


class Loads(Declaration):
    """What a server image can load. What it says nothing of is taken to load."""

    mlflow: Bounds | None = Field(
        default=None, description="MLflow versions whose models load, such as <=2.20."
    )
    python: Bounds | None = Field(
        default=None, description="Python versions whose models load, such as >=3.10."
    )
    formats: tuple[str, ...] | None = Field(
        default=None, description="Serialization formats that load, such as cloudpickle."
    )
    libraries: Mapping[str, Bounds] | None = Field(
        default=None,
        description="Library versions whose models load, by MLflow's flavour, such as sklearn: <1.8.",
    )


class ServerImage(Declaration):
    """The image of one server and protocol."""

    image: str = Field(description="Image with its tag, and best with its digest.")
    loads: Loads | None = None


class Platform(Declaration):
    """What offline rules must know of the cluster."""

    target: Literal["seldon-v1"] = Field(
        default="seldon-v1", description="Kind of objects that are rendered."
    )
    ingress: Ingress | Annotated[tuple[Ingress, ...], Field(min_length=1)] = Field(
        default="istio",
        description="What routes requests into the cluster: one, or a list where there are several.",
    )
    keda: bool = Field(default=False, description="Whether KEDA scales in the cluster.")
    servers: Mapping[Server, Mapping[Protocol, ServerImage]] = Field(
        default_factory=dict, description="Image for each server and protocol, where not the stock one."
    )
    loads: Mapping[str, Loads] = Field(
        default_factory=dict,
        description="What images that serving.image names can load, by image (* for any characters).",
    )

    @property
    def ingresses(self) -> tuple[Ingress, ...]:
        """Everything that routes requests into the cluster, in the file's order."""
        return (self.ingress,) if isinstance(self.ingress, str) else self.ingress


class ArtifactMapping(Declaration):
    """Where the storage initializer of the cluster finds what a registry calls by another name."""

    registry: str = Field(default="main", description="The registry whose locations these are.")
    from_: str = Field(
        alias="from", description="Prefix of the registry's location, such as mlflow-artifacts:/"
    )
    to: str = Field(description="The prefix that stands for it in the cluster, such as s3://mlflow/artifacts")
    secret: str | None = Field(
        default=None, description="Secret with the storage initializer's RCLONE_CONFIG_* keys."
    )


class Allow(Declaration):
    """What declarations may name; never waivable. Patterns use * for any characters."""

    service_accounts: tuple[str, ...] = Field(
        default=(), description="ServiceAccounts that models may run as."
    )
    secrets: tuple[str, ...] = Field(default=(), description="Secrets that may be mounted.")
    images: tuple[str, ...] = Field(default=(), description="Images that may run, beside the stock ones.")
    priority_classes: tuple[str, ...] = Field(
        default=(), description="PriorityClasses that models may have: higher ones push other Pods out."
    )
    kinds: tuple[ExtraKind, ...] = Field(
        default=(), description="Kinds that the templates in extras/ may make beside each deployment."
    )
    storage: tuple[str, ...] | None = Field(
        default=None,
        description="Places that models may be read from, such as s3://prod-models/; anywhere if not said.",
    )


class Metrics(Declaration):
    """Source of served traffic."""

    prometheus: Address = Field(
        description="Address of a Prometheus server (or one with its HTTP API) that scrapes the executors."
    )


class Cluster(Declaration):
    """What differs in one cluster of an environment."""

    artifacts: tuple[ArtifactMapping, ...] | None = Field(
        default=None, description="In place of those of the environment."
    )
    metrics: Metrics | None = None
    platform: Platform | None = None


GradeWord = Literal["advisory", "soft", "hard"]
RulePart = bool | int | float | str
RuleValue = RulePart | Mapping[str, RulePart | tuple[RulePart, ...] | Mapping[str, RulePart]]
"""A rule's parameter, or a block with its `grade` and parameters."""

_GRADES = frozenset(get_args(GradeWord))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetting:
    """What `rules:` says of one rule: its grade (None: the rule's own) and its parameter (None: not given).

    A bare value is the parameter; of a block it is what stands under `value`, or all keys beside `grade`.
    """

    grade: Grade | None = None
    value: Any = None


class Rules(Declaration):
    """Grades and parameters of policies and guards, by their id: a bare value is the main parameter."""

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, RuleValue]

    def get(self, rule: str) -> RuleSetting:
        """What is set of a rule; nothing where it is not named."""
        return _read_setting(self.written.get(rule))

    @property
    def written(self) -> Mapping[str, Any]:
        """The rules that are named, by id, with what was written of each."""
        return self.__pydantic_extra__


def _read_setting(said: Any) -> RuleSetting:
    if not isinstance(said, Mapping):
        return RuleSetting(value=said)
    rest = {key: value for key, value in said.items() if key != "grade"}
    grade = said.get("grade")
    value = rest["value"] if set(rest) == {"value"} else rest or None
    return RuleSetting(grade=Grade(grade) if grade in _GRADES else None, value=value)


class Environment(Declaration):
    """`environments/<env>/environment.yaml`: where, and under which rules."""

    namespace: str = Field(description="The namespace that this environment owns in its clusters.")
    clusters: Mapping[str, Cluster] | None = Field(
        default=None, description="Clusters it is served from, with what differs."
    )
    upstream: tuple[str, ...] = Field(default=(), description="Environments that versions come from.")
    owners: tuple[str, ...] = Field(
        default=(), description="Who owns its rules and approves its waivers: @team or e-mail."
    )
    protected: bool = Field(
        default=False,
        description="Rules may only be tightened here; nothing is pruned without a waiver or max-prune.",
    )
    drift: Literal["heal", "report"] = Field(
        default="heal", description="What sync does with edits made in the cluster."
    )
    platform: Platform = Field(default_factory=Platform)
    artifacts: tuple[ArtifactMapping, ...] = Field(
        default=(), description="Where the cluster finds artifacts; the longest prefix wins."
    )
    allow: Allow = Field(default_factory=Allow)
    metrics: Metrics | None = None
    rules: Rules = Field(default_factory=lambda: Rules.model_validate({}))
    serving: Serving | None = None
    auto: Literal["rollback"] | None = Field(
        default=None,
        description="rollback: modelsync bot proposes the way back for what failed here past its deadline.",
    )
    retire: bool = Field(default=False, description="Prune the whole environment; this is the approval.")


class RecordedFile(Declaration):
    """Size in bytes, and what identifies the content: SHA-256, or the store's checksum for large files."""

    bytes: Annotated[int, Field(ge=0)] = Field(description="Size in bytes.")
    sha256: Sha256 | None = Field(default=None, description="SHA-256 of the content.")
    checksum: str | None = Field(
        default=None, description="The store's own checksum, where the file was too large for SHA-256."
    )


class Identity(Declaration):
    """What makes a registry version this one and no other. A moved fact here is an error."""

    registry: str = Field(description="The registry that holds the version.")
    name: str = Field(description="Name of the registered model.")
    version: Version
    source: str = Field(description="Storage location as the registry gives it.")
    run: str | None = Field(default=None, description="Run that logged the model.")
    logged_model: str | None = Field(
        default=None, description="Logged model that the version was registered from."
    )
    created: str = Field(description="When the registry made the version (UTC, ISO 8601).")
    digest: Digest = Field(description="SHA-256 over names, sizes and checksums of the files.")
    files: Mapping[str, RecordedFile] = Field(description="Size and checksum of each file, by its path.")


class Loader(Declaration):
    """What a server must be able to load; from MLmodel. A moved fact here is an error."""

    flavours: Mapping[str, Any] = Field(description="Flavours of MLmodel by name.")
    mlflow: str | None = Field(default=None, description="MLflow version that saved the model.")
    python: str | None = Field(default=None, description="Python version that saved the model.")
    signature: Mapping[str, Any] | None = Field(
        default=None, description="Inputs, outputs and parameters, as in MLmodel."
    )


class Evidence(Declaration):
    """What is known of the version's quality and origin. A moved fact here is advice."""

    metrics: Mapping[str, float | int] = Field(
        default_factory=dict, description="Metrics of the logged model or its run."
    )
    parameters: Mapping[str, str | int | float | bool] = Field(
        default_factory=dict, description="Parameters of its training."
    )
    dataset: Mapping[str, Any] | None = Field(
        default=None, description="Data that the metrics were measured on."
    )
    tags: Mapping[str, str] = Field(
        default_factory=dict, description="Tags that were allowed into the record."
    )
    commit: str | None = Field(default=None, description="Commit of the training code.")


class VersionRecord(Declaration):
    """`models/<model>/versions/<n>.yaml`: reviewed facts of a registry version, from `modelsync pin`."""

    identity: Identity
    loader: Loader
    evidence: Evidence
