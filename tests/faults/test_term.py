"""TERM in the middle of writing: what is in flight is finished and recorded, and nothing more is begun."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Team
from tests.faults.between import Between, Once, is_apply


@pytest.mark.covers("B29", "S6", "S12")
def test_a_run_that_is_asked_to_end_between_two_objects_leaves_the_later_ones_for_the_next(
    team: Team, tmp_path: Path
) -> None:
    """A new object is made before another is changed, and that before a third is deleted."""
    assert team.sync().code == 0
    team.shop.declare("production/taste", {3: 100})
    team.shop.declare("production/wines", {1: 50, 2: 50})
    team.shop.declare("production/prices", {1: 100}, more="retire: true")
    team.shop.commit("All at once")
    runs: list[subprocess.Popen[str]] = []
    hook = Once(is_apply, lambda: os.kill(runs[0].pid, signal.SIGTERM))

    with Between(team.cluster, after=hook) as proxy:
        runs.append(
            subprocess.Popen(
                [sys.executable, "-m", "reconciler", "sync", "production"],
                cwd=team.shop.folder,
                env=team.shop.environment(proxy.write_kubeconfig(tmp_path / "proxied")),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        said, _ = runs[0].communicate(timeout=60)

    assert hook.done
    assert runs[0].returncode == 130, said
    assert set(team.live()) == {"wines", "prices", "taste"}
    assert team.shares("wines") == {"v1": 90, "v2": 10}
    lines = " ".join(said.split())
    assert "SeldonDeployment/taste created" in lines
    assert "SeldonDeployment/wines skipped" in lines
    record = f"/api/v1/namespaces/{team.namespace}/configmaps/modelsync-production"
    assert "SIGTERM" in team.cluster.api.demand("GET", record)["data"]["history"]
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{team.namespace}/leases/modelsync-production"
    assert not team.cluster.api.demand("GET", lease)["spec"].get("holderIdentity")
    assert team.sync().code == 0
    assert set(team.live()) == {"wines", "taste"}
    assert team.shares("wines") == {"v1": 50, "v2": 50}
