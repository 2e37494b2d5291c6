"""A team's repository and its namespace in the real cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.support.shop import Ended, Shop

_OBJECTS = "/apis/machinelearning.seldon.io/v1/namespaces/{}/seldondeployments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A repository whose environment `production` lives in a namespace of its own."""

    cluster: LocalCluster
    shop: Shop
    namespace: str

    def run(self, *arguments: str) -> Ended:
        return self.shop.run(*arguments, kubeconfig=self.cluster.kubeconfig)

    def sync(self, *arguments: str) -> Ended:
        return self.run("sync", "production", *arguments)

    def live(self) -> dict[str, Any]:
        """The SeldonDeployments of the namespace by name."""
        items = self.cluster.api.demand("GET", _OBJECTS.format(self.namespace))["items"]
        return {item["metadata"]["name"]: item for item in items}

    def shares(self, name: str) -> dict[str, int]:
        """Live percent by predictor."""
        return {p["name"]: p["traffic"] for p in self.live()[name]["spec"]["predictors"]}

    def patch(self, name: str, path: str, value: object) -> None:
        """Edit a live object as a person with kubectl would."""
        self.cluster.api.demand(
            "PATCH",
            f"{_OBJECTS.format(self.namespace)}/{name}?fieldManager=kubectl-edit",
            [{"op": "replace", "path": path, "value": value}],
            content_type="application/json-patch+json",
        )

    def requests(self, since: int) -> list[str]:
        """`verb resource` of each request of modelsync in this namespace since a place in the audit log."""
        return [
            f"{event['verb']} {event['objectRef']['resource']}"
            for event in self.cluster.audit_events(since)
            if event.get("objectRef", {}).get("namespace") == self.namespace
            and event.get("userAgent", "").startswith("modelsync/")
        ]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Two environments, all in order, committed."""
    shop = Shop(tmp_path / "shop")
    shop.add_environment("staging", "wines-staging")
    shop.add_environment("production", "wines-production")
    shop.declare("staging/wines", {2: 100})
    shop.declare("production/wines", {1: 90, 2: 10})
    shop.commit("Start")
    return shop


@pytest.fixture
def team(cluster: LocalCluster, make_namespace: MakeNamespace, tmp_path: Path) -> Team:
    """Two deployments, declared and committed, not synced yet."""
    return start_team(cluster, make_namespace, tmp_path)


def start_team(cluster: LocalCluster, make_namespace: MakeNamespace, folder: Path) -> Team:
    """The same in any cluster."""
    namespace = make_namespace("production")
    shop = Shop(folder / "shop")
    shop.add_environment("production", namespace)
    shop.declare("production/wines", {1: 90, 2: 10})
    shop.declare("production/prices", {1: 100})
    shop.commit("Start")
    return Team(cluster=cluster, shop=shop, namespace=namespace)
