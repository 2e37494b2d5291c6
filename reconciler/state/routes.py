"""Where requests are sent, as the cluster's ingress was told, and how many arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.state.objects import ObjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedShare:
    """One predictor's part of the requests, in percent, as the ingress is told; mirrored if `shadow`."""

    predictor: str
    shadow: bool
    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRoutes:
    """What the ingress is told about one SeldonDeployment, the live ones first.

    `changed` is when its routes were last written, as far as the API server tells.
    """

    shares: tuple[RoutedShare, ...] = ()
    changed: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """All routes of a namespace, by SeldonDeployment. One that is missing has no route: nothing reaches it.

    `unknown` says why the routes could not be read, and is empty where they were: what could not be read
    is not zero.
    """

    deployments: Mapping[str, DeploymentRoutes] = field(default_factory=dict)
    unknown: str = ""

    def find(self, deployment: str) -> DeploymentRoutes | None:
        """The routes of one SeldonDeployment; None where they are not known."""
        if self.unknown:
            return None
        return self.deployments.get(deployment, DeploymentRoutes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """How many requests were answered in a window of `seconds`: by deployment, then by predictor.

    `complete` tells whether the source had been collecting at the window's start: if not, what was counted
    may be older, or may be missing.
    """

    seconds: int
    counts: Mapping[str, Mapping[str, int]]
    complete: bool

    def of(self, deployment: str) -> Mapping[str, int]:
        """The counts of one deployment by predictor."""
        return self.counts.get(deployment, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedDifference:
    """A predictor that answered another part of the requests than it is routed, beyond chance.

    `requests` of `total` were its own; `percent` is what is routed.
    """

    predictor: str
    shadow: bool
    percent: float
    requests: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What is routed and served in a target, for all of its deployments.

    `requests` are those of the window that was asked for, None where they are not known: `served_unknown`
    says why. `differences` holds, by deployment, what is served otherwise than it is routed; `leftovers`
    are objects that the operator made for predictors that are no more, `leftovers_unknown` why those are
    not known.
    """

    routes: Routes
    requests: Requests | None = None
    served_unknown: str = ""
    differences: Mapping[str, tuple[ServedDifference, ...]] = field(default_factory=dict)
    leftovers: tuple[ObjectKey, ...] = ()
    leftovers_unknown: str = ""
