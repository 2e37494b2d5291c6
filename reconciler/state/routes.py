"""Where requests are sent, as the cluster's ingress was told, and how many arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


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
class RequestCount:
    """How many requests one predictor answered in a window."""

    deployment: str
    predictor: str
    requests: int
