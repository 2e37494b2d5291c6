"""What doctor concludes from ends that cannot be used, and from those that just do not answer."""

from __future__ import annotations

import pytest

from reconciler.clients.cluster.interface import Cluster, ClusterMisconfigured
from reconciler.clients.metrics.prometheus import PrometheusReader
from reconciler.clients.registry.interface import (
    RegistryError,
    RegistryReader,
    RegistryRefused,
    RegistryUnreachable,
)
from reconciler.pipeline.doctor import Verdict, examine_all
from reconciler.state.repository import Repository
from reconciler.validate.checks import Check

NOTHING = Check(repository=Repository(models={}, environments={}), findings=(), undecided=(), policies=0)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (RegistryRefused("the registry at foo:bar is no MLflow server"), Verdict.BAD),
        (RegistryUnreachable("http://127.0.0.1:9", "no connection"), Verdict.UNKNOWN),
    ],
)
def test_a_wrong_registry_is_a_fault_and_a_silent_one_is_undecided(
    error: RegistryError, verdict: Verdict
) -> None:
    def open_registry() -> RegistryReader:
        raise error

    def open_cluster() -> Cluster:
        raise ClusterMisconfigured("no cluster to talk to")

    told = list(
        examine_all(
            NOTHING,
            "",
            open_cluster=open_cluster,
            open_registry=open_registry,
            open_metrics=PrometheusReader,
        )
    )

    assert [item.subject for item in told] == ["declarations", "registry", "cluster"]
    assert "section 'Without a cluster'" in told[-1].remedy
    assert [item.verdict for item in told] == [Verdict.GOOD, verdict, Verdict.BAD]
    assert told[1].detail == str(error)
