"""What a run decides on is read in that run, from etcd and not from somebody's memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Team
from tests.faults.between import Between


@pytest.mark.covers("T20")
def test_runs_read_what_is_stored_now_and_keep_nothing_for_the_next(team: Team, tmp_path: Path) -> None:
    """A read at resourceVersion=0, which is the cheaper one, may be answered from an old memory."""
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()

    def sync(kubeconfig: Path) -> None:
        environment = {**team.shop.environment(kubeconfig), "HOME": str(home), "TMPDIR": str(temporary)}
        subprocess.run(
            [sys.executable, "-m", "reconciler", "sync", "production"],
            cwd=team.shop.folder,
            env=environment,
            check=True,
            capture_output=True,
            timeout=120,
        )

    with Between(team.cluster) as proxy:
        kubeconfig = proxy.write_kubeconfig(tmp_path / "proxied")
        sync(kubeconfig)
        team.patch("wines", "/spec/predictors/0/traffic", 91)
        sync(kubeconfig)
        sync(kubeconfig)

    reads = [request for request in proxy.requests if request.method == "GET"]
    assert len(reads) >= 9
    assert [str(request) for request in reads if "resourceVersion" in request.query] == []
    assert team.shares("wines") == {"v1": 90, "v2": 10}
    assert [*home.rglob("*"), *temporary.rglob("*")] == []
