"""What a person does to a live object, and what is seen afterwards."""

from __future__ import annotations

import copy
from typing import Any

from reconciler.state.inventory import TargetRecord
from reconciler.state.plans import Action
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import MERGE
from tests.support.clusters import LiveTarget


def path(town: LiveTarget, name: str) -> str:
    return f"/apis/machinelearning.seldon.io/v1/namespaces/{town.target.namespace}/seldondeployments/{name}"


def edit(cluster: LocalCluster, town: LiveTarget, name: str, traffic: int) -> None:
    """A person changes the first predictor's traffic with kubectl edit."""
    predictors = copy.deepcopy(town.demand(name).body["spec"]["predictors"])
    predictors[0]["traffic"] = traffic
    cluster.api.demand(
        "PATCH",
        path(town, name),
        {"spec": {"predictors": predictors}},
        content_type=MERGE,
        query={"fieldManager": "kubectl-edit"},
    )


def traffic(town: LiveTarget, name: str) -> list[int]:
    return [predictor["traffic"] for predictor in town.demand(name).body["spec"]["predictors"]]


def outcomes(results: Any) -> dict[str, Action]:
    return {result.key.name: result.action for result in results}


def entries(record: TargetRecord) -> list[str]:
    return [entry.key.name for entry in record.entries]
