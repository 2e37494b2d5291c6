"""Declarations in, manifests out: each input gives exactly its rendered.yaml (accepted by scripts/bless)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.load.documents import load
from reconciler.load.worktree import read_worktree
from reconciler.pipeline.desired import render_environment
from reconciler.policy.clusters import view_clusters
from reconciler.render.text import to_yaml
from reconciler.validate.checks import check

GOLDEN = Path(__file__).parent
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/input"))
COMMIT = "4be2a91" + "0" * 33


@pytest.mark.parametrize("case", CASES)
def test_rendered(case: str) -> None:
    rendered = render_case(GOLDEN / case / "input")
    golden = GOLDEN / case / "rendered.yaml"
    if os.environ.get("MODELSYNC_BLESS") == "1":
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8"), (
        f"{case}: if this is meant, accept it with scripts/bless"
    )


def render_case(folder: Path) -> str:
    tree = read_worktree(folder)
    found = check(load(tree.files, links=tree.links, unreadable=tree.unreadable))
    assert [str(finding.location) for finding in found.findings if finding.is_error] == []
    parts = []
    for name, entry in sorted(found.repository.environments.items()):
        assert entry.environment is not None
        for view in view_clusters(entry.environment.declaration):
            rendered = render_environment(found, name, cluster=view.cluster, commit=COMMIT)
            assert rendered.desired.faults == ()
            parts.append(to_yaml(rendered.manifests, header=(str(rendered.desired.target),)))
    return "".join(parts)
