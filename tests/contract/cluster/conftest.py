"""Each implementation of the cluster port, on a real API server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.clients.cluster.interface import Cluster
from reconciler.clients.cluster.kubernetes import connect
from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace

Adapter = Callable[[Path], Cluster]


@pytest.fixture(params=[connect], ids=["kubernetes"])
def adapter(request: pytest.FixtureRequest) -> Adapter:
    """Each implementation of the port, given a kubeconfig."""
    make: Callable[..., Cluster] = request.param
    return lambda kubeconfig: make(kubeconfig=kubeconfig)


@pytest.fixture
def port(adapter: Adapter, cluster: LocalCluster) -> Cluster:
    return adapter(cluster.kubeconfig)


@pytest.fixture
def namespace(make_namespace: MakeNamespace) -> str:
    return make_namespace()
