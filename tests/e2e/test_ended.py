"""A run of several targets that is asked to end: each is told as it is, and the next run goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import MakeNamespace
from tests.e2e.conftest import Team
from tests.faults.between import Between, Once, is_apply
from tests.support.answering import Script, serving
from tests.support.waiting import wait_until


@pytest.mark.covers("B29")
def test_targets_that_were_not_begun_are_told_as_such(
    team: Team, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    """Eight are worked on at once; two more wait for them."""
    for number in range(9):
        name = f"stage-{number}"
        team.shop.add_environment(name, make_namespace(name))
        team.shop.declare(f"{name}/wines", {2: 100})
    team.shop.commit("Add stages")
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
    *begun, ninth, last = json.loads(said)["targets"]
    # What was in flight was finished.
    assert {result["action"] for target in begun for result in target["results"]} <= {"created", "skipped"}
    assert not any(target["message"].startswith("not begun") for target in begun)
    for target in (ninth, last):
        assert target["message"].startswith("not begun")
        assert "ended by SIGTERM" in target["message"]
    assert team.run("sync").code == 0
    assert set(team.live()) == {"prices", "wines"}
    assert team.run("sync").out.count("in sync with") == 10


@pytest.mark.covers("B29")
def test_a_run_that_only_asks_ends_at_once_though_nobody_answers(tmp_path: Path) -> None:
    """A Job is given 30 seconds to end, and neither server is waited for as briefly."""
    with serving(Script(silent=True)) as forge, serving(Script(silent=True)) as api:
        config = {
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": ""}}],
            "clusters": [{"name": "x", "cluster": {"server": api.url}}],
            "users": [],
            "current-context": "x",
        }
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(json.dumps(config))
        run = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "sync", "production", "--repository", f"{forge.url}/ml.git"],
            env={**os.environ, "KUBECONFIG": str(kubeconfig)},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_until(lambda: forge.asked and api.asked, "both servers to be asked", patience=60)
            run.terminate()
            _, said = run.communicate(timeout=25)
        finally:
            run.kill()

    assert (run.returncode, said.split()) == (130, ["interrupted"])
