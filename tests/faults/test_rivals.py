"""Another modelsync environment takes an object in the middle of a run: nothing is ever taken from it."""

from __future__ import annotations

import copy

import pytest

from reconciler.clients.cluster.kubernetes import connect
from reconciler.state.plans import Action
from reconciler.state.targets import Target
from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.support.clusters import LiveTarget


@pytest.mark.covers("T6")
def test_an_object_that_is_to_be_adopted_is_left_to_the_environment_that_came_first(
    cluster: LocalCluster, make_namespace: MakeNamespace
) -> None:
    target = Target(environment="production", namespace=make_namespace())
    town = LiveTarget(cluster=connect(kubeconfig=cluster.kubeconfig), target=target)
    manifest = town.make("wines", {"v3": 100}, adopt=True)
    theirs = town.make("wines", {"v3": 40, "v5": 60})
    unlabelled = copy.deepcopy(dict(manifest.body))
    unlabelled["metadata"]["labels"] = {"team": "wine"}
    unlabelled["metadata"]["annotations"] = {}
    town.cluster.writer.apply(manifest.key, unlabelled, manager="helm")
    town.declare(manifest)

    applied = town.sync(
        meanwhile=lambda: town.cluster.writer.apply(
            manifest.key, theirs.body, manager="modelsync-staging", force=True
        )
    )

    (result,) = applied.results
    assert result.action is Action.FAILED
    assert "another environment" in result.message
    shares = [predictor["traffic"] for predictor in town.demand("wines").body["spec"]["predictors"]]
    assert shares == [40, 60]
