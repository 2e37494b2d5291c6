"""Fixtures that every test may ask for: one real API server for the run, and namespaces of one's own."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import hypothesis
import pytest

if TYPE_CHECKING:
    from scripts.local_cluster import LocalCluster, Part

# How long an example takes says how busy the machine is, and nothing about what is tested.
hypothesis.settings.register_profile("modelsync", deadline=None)
hypothesis.settings.load_profile("modelsync")

pytest_plugins = (
    "tests.faults.ran",
    "tests.faults.sweep_summary",
    "tests.integration.mlflow_fixtures",
    "tests.support.forge_fixtures",
)

# Set by the process that the user started; pytest-xdist's workers inherit them.
_RUN_FOLDER = "MODELSYNC_TEST_RUN_FOLDER"
_RUN_PROCESS = "MODELSYNC_TEST_RUN_PROCESS"
ENVIRONMENT_LABEL = "modelsync.dev/environment"


def pytest_configure(config: pytest.Config) -> None:
    if _is_worker(config):
        return
    os.environ[_RUN_FOLDER] = tempfile.mkdtemp(prefix="modelsync-tests-")
    os.environ[_RUN_PROCESS] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the clusters that the tests shared. Should this not be reached, the cluster's guard does it."""
    if _is_worker(config):
        return
    folder = Path(os.environ.pop(_RUN_FOLDER))
    del os.environ[_RUN_PROCESS]
    for state_file in folder.glob("*cluster.json"):
        from scripts.local_cluster import LocalCluster

        LocalCluster.attach(state_file).stop()
    shutil.rmtree(folder)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """A folder that all workers of this run share and that goes with the run."""
    return Path(os.environ[_RUN_FOLDER])


@pytest.fixture(scope="session")
def cluster(run_folder: Path) -> LocalCluster:
    """The API server of this run, with Seldon's CRD: started by the first test that asks, shared by workers.

    Leave it running and whole. A test that stops it, or needs it without the CRD, starts one of its own:
    `with LocalCluster(crds=False) as cluster: ...` (three seconds).
    """
    return _share(run_folder, "cluster")


@pytest.fixture(scope="session")
def operator_cluster(run_folder: Path) -> LocalCluster:
    """A second API server of this run, with Kubernetes' controllers, Seldon's operator and kwok's Node.

    SeldonDeployments become Available there within a second or two, or what their Pods are asked to play
    (scripts/local_cluster/README.md). Leave it running and whole: a test that stops the operator starts a
    cluster of its own: `with LocalCluster((Part.OPERATOR, Part.KWOK)) as cluster: ...` (eight seconds).
    """
    from scripts.local_cluster import Part

    return _share(run_folder, "operator-cluster", Part.OPERATOR, Part.KWOK)


@pytest.fixture(scope="session")
def serving_cluster(run_folder: Path) -> LocalCluster:
    """A third API server of this run, with everything but kwok: Pods are served by processes on this machine.

    The first to ask for it waits some twenty seconds. Leave it running and whole, and remove what you deploy:
    a model server takes 330 MiB.
    """
    from scripts.local_cluster import Part

    return _share(run_folder, "serving-cluster", *(part for part in Part if part is not Part.KWOK))


def _share(run_folder: Path, name: str, *parts: Part) -> LocalCluster:
    """The cluster of that name in this run, started by the first worker that asks for it."""
    from scripts.local_cluster import LocalCluster
    from scripts.local_cluster.processes import identify
    from scripts.tools.cache import hold_lock

    state_file = run_folder / f"{name}.json"
    with hold_lock(run_folder / f"{name}.lock"):
        if not state_file.exists():
            owner = identify("pytest", int(os.environ[_RUN_PROCESS]))
            LocalCluster(parts, state_file=state_file, owner=owner).start()
    return LocalCluster.attach(state_file)


class MakeNamespace(Protocol):
    """Make a namespace, labelled for an environment (not at all when that is empty); its name."""

    def __call__(self, environment: str = "production", *, labels: dict[str, str] | None = None) -> str: ...


@pytest.fixture
def make_namespace(cluster: LocalCluster) -> MakeNamespace:
    """Makes namespaces that no other test uses; none is removed, since the cluster goes with the run."""
    return _NamespaceMaker(cluster)


@pytest.fixture
def make_operator_namespace(operator_cluster: LocalCluster) -> MakeNamespace:
    """Makes namespaces of one's own in the cluster that has the operator."""
    return _NamespaceMaker(operator_cluster)


@pytest.fixture
def make_serving_namespace(serving_cluster: LocalCluster) -> MakeNamespace:
    """Makes namespaces of one's own in the cluster that serves."""
    return _NamespaceMaker(serving_cluster)


@pytest.fixture(scope="module")
def own_parts() -> tuple[Part, ...]:
    """The parts of `own_cluster`; a module that needs more than the API server overrides this."""
    return ()


@pytest.fixture(scope="module")
def own_cluster(own_parts: tuple[Part, ...]) -> Iterator[LocalCluster]:
    """A cluster of one module's own, where it may stop what it likes and count every request."""
    from scripts.local_cluster import LocalCluster

    with LocalCluster(own_parts) as cluster:
        yield cluster


@pytest.fixture
def make_own_namespace(own_cluster: LocalCluster) -> MakeNamespace:
    """Makes namespaces in the module's own cluster."""
    return _NamespaceMaker(own_cluster)


class _NamespaceMaker:
    def __init__(self, cluster: LocalCluster) -> None:
        self._cluster = cluster

    def __call__(self, environment: str = "production", *, labels: dict[str, str] | None = None) -> str:
        name = f"{environment or 'plain'}-{uuid.uuid4().hex[:8]}"
        own = {ENVIRONMENT_LABEL: environment} if environment else {}
        self._cluster.api.demand(
            "POST",
            "/api/v1/namespaces",
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": name, "labels": {**own, **(labels or {})}},
            },
        )
        return name
