"""Where Pods may run, in Kubernetes' own words: people copy these blocks from its documentation.

Source of the fields: Kubernetes API core/v1, types Toleration and Affinity, as far as the
SeldonDeployment's schema has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from reconciler.state.written import Declaration

Weight = Annotated[
    int, Field(ge=1, le=100, description="How much this preference counts beside the others: 1 to 100.")
]


class Toleration(Declaration):
    """A taint of nodes that the Pods may run in spite of."""

    key: str | None = Field(
        default=None, description="Key of the taint; without it all taints are tolerated."
    )
    operator: Literal["Equal", "Exists"] | None = Field(
        default=None, description="Whether the value counts (Equal, the default) or only the key (Exists)."
    )
    value: str | None = Field(default=None, description="Value of the taint.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="Effect of the taint; without it all effects are tolerated."
    )
    toleration_seconds: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="How long Pods stay on a node that gets the taint NoExecute, in seconds."
    )


class LabelRequirement(Declaration):
    """What a label of Pods or namespaces must be."""

    key: str = Field(description="Key of the label.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"] = Field(
        description="How the label is compared with the values."
    )
    values: tuple[str, ...] | None = Field(default=None, description="Values for In and NotIn.")


class LabelSelector(Declaration):
    """Pods or namespaces with these labels."""

    match_labels: Mapping[str, str] | None = Field(
        default=None, description="Labels and their values; all must be there."
    )
    match_expressions: tuple[LabelRequirement, ...] | None = Field(
        default=None, description="Conditions on labels; all must hold."
    )


class NodeRequirement(Declaration):
    """What a label or field of nodes must be."""

    key: str = Field(description="Key of the label, or name of the field.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] = Field(
        description="How it is compared with the values."
    )
    values: tuple[str, ...] | None = Field(
        default=None, description="Values for In and NotIn; a single number in quotes for Gt and Lt."
    )


class NodeTerm(Declaration):
    """Conditions on nodes that must all hold."""

    match_expressions: tuple[NodeRequirement, ...] | None = Field(
        default=None, description="Conditions on labels of the node."
    )
    match_fields: tuple[NodeRequirement, ...] | None = Field(
        default=None, description="Conditions on fields of the node, such as metadata.name."
    )


class NodeTerms(Declaration):
    """Alternatives of which one must hold."""

    node_selector_terms: Annotated[tuple[NodeTerm, ...], Field(min_length=1)] = Field(
        description="The alternatives."
    )


class PreferredNode(Declaration):
    """Nodes that are preferred."""

    weight: Weight
    preference: NodeTerm


class NodeAffinity(Declaration):
    """Which nodes the Pods may or should run on."""

    required_during_scheduling_ignored_during_execution: NodeTerms | None = None
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredNode, ...] | None = Field(
        default=None, description="Nodes that are preferred, where they have room."
    )


class PodTerm(Declaration):
    """Other Pods, and what counts as near them."""

    label_selector: LabelSelector | None = None
    namespaces: tuple[str, ...] | None = Field(
        default=None, description="Namespaces of the other Pods; without them the deployment's own."
    )
    namespace_selector: LabelSelector | None = None
    topology_key: Annotated[str, Field(min_length=1)] = Field(
        description="Label of nodes whose equal value means near, such as kubernetes.io/hostname."
    )


class PreferredPods(Declaration):
    """Other Pods whose nearness, or distance, is preferred."""

    weight: Weight
    pod_affinity_term: PodTerm


class PodAffinity(Declaration):
    """Other Pods that the Pods must or should be near to (or, in podAntiAffinity, far from)."""

    required_during_scheduling_ignored_during_execution: tuple[PodTerm, ...] | None = Field(
        default=None, description="What must hold; otherwise the Pods wait."
    )
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredPods, ...] | None = Field(
        default=None, description="What is preferred, where there is room."
    )


class Affinity(Declaration):
    """Where Pods may or should run, by nodes' labels and by the Pods that run there already."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None
