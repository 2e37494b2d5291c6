"""A run of several targets that is asked to end: each is told as it is, and the next run goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import MakeNamespace
from tests.e2e.conftest import Team
from tests.faults.between import Between, Once, is_apply


@pytest.mark.covers("B29")
def test_targets_that_were_not_begun_are_told_as_such(
    team: Team, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    team.shop.add_environment("staging", make_namespace("staging"))
    team.shop.declare("staging/wines", {2: 100})
    team.shop.commit("Add staging")
    runs: list[subprocess.Popen[str]] = []
    hook = Once(is_apply, lambda: runs[0].terminate())

    with Between(team.cluster, before=hook) as proxy:
        runs.append(
            subprocess.Popen(
                [sys.executable, "-m", "reconciler", "sync", "-o", "json"],
                cwd=team.shop.folder,
                env=team.shop.environment(proxy.write_kubeconfig(tmp_path / "proxied")),
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        said, _ = runs[0].communicate(timeout=120)

    assert hook.done
    assert runs[0].returncode == 130
    production, staging = json.loads(said)["targets"]
    # Both of its objects were in flight.
    assert {result["action"] for result in production["results"]} <= {"created", "skipped"}
    assert "ended by SIGTERM" in staging["message"]
    assert staging["message"].startswith("not begun")
    assert team.run("sync").code == 0
    assert set(team.live()) == {"prices", "wines"}
