"""Targets and desired state: what should be served where, before it becomes manifests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Whoever holds a target need not hold declarations: these import pydantic, which a quiet run never needs.
    from reconciler.state.declarations import Protocol
    from reconciler.state.desired import DesiredVariant
    from reconciler.state.extras import ExtraTemplate
    from reconciler.state.findings import Finding

FIELD_MANAGER_PREFIX = "modelsync-"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Target:
    """One environment in one namespace of one cluster: the unit of inventory, Lease, budget and report.

    `cluster` is empty where the environment names no clusters.
    """

    environment: str
    namespace: str
    cluster: str = ""

    @property
    def field_manager(self) -> str:
        """The name under which this target's fields are owned in the API server."""
        return f"{FIELD_MANAGER_PREFIX}{self.environment}"

    def __str__(self) -> str:
        return f"{self.environment}@{self.cluster}" if self.cluster else self.environment


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredDeployment:
    """One deployment file, resolved. Variants are in the file's order; the first live one is the baseline.

    `annotations` are those of the whole object, by their full keys; `on_delete` is how it is to end (prune,
    keep or orphan).
    """

    environment: str
    name: str
    namespace: str
    model: str
    registered_model: str
    protocol: Protocol
    variants: tuple[DesiredVariant, ...]
    adopt: bool = False
    on_delete: str = "prune"
    annotations: Mapping[str, bool | int | str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The name that people read: `production/wines`."""
        return f"{self.environment}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A deployment that could not be resolved, and why. It stays as it was last applied."""

    deployment: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What one target should serve.

    `retired` names the deployments whose file approves their end; with `retire_all` the environment's
    file approves the end of all; `endings` say how retired deployments are to end that are not simply to be
    pruned. While `faults` is not empty nothing of the target may be pruned. `extras`
    are rendered for each deployment, and may make objects of the kinds `extra_kinds`.
    """

    target: Target
    deployments: tuple[DesiredDeployment, ...]
    retired: frozenset[str] = frozenset()
    retire_all: bool = False
    endings: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = field(default=())
    extras: tuple[ExtraTemplate, ...] = ()
    extra_kinds: tuple[str, ...] = ()
