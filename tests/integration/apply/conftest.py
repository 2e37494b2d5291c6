"""A target of its own in the real cluster for each test."""

from __future__ import annotations

import pytest

from reconciler.clients.cluster.kubernetes import connect
from reconciler.state.targets import Target
from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.support.clusters import LiveTarget


@pytest.fixture
def town(cluster: LocalCluster, make_namespace: MakeNamespace) -> LiveTarget:
    target = Target(environment="production", namespace=make_namespace())
    return LiveTarget(cluster=connect(kubeconfig=cluster.kubeconfig), target=target)
