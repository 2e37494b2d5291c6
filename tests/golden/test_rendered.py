"""Declarations in, manifests out: each input gives exactly its rendered.yaml (accepted by scripts/bless)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.load.documents import load
from reconciler.load.worktree import read_worktree
from reconciler.policy.clusters import view_clusters
from reconciler.render.applyset import applyset_id, parent_name
from reconciler.render.renderer import render
from reconciler.render.text import to_yaml
from reconciler.resolve.resolver import resolve
from reconciler.validate.checks import check

GOLDEN = Path(__file__).parent
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/input"))
COMMIT = "4be2a91" + "0" * 33


@pytest.mark.parametrize("case", CASES)
def test_rendered(case: str) -> None:
    rendered = render_case(GOLDEN / case / "input")
    golden = GOLDEN / case / "rendered.yaml"
    if os.environ.get("MODELSYNC_BLESS"):
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
            desired = resolve(found.repository, name, cluster=view.cluster, findings=found.findings)
            assert desired.faults == ()
            part_of = applyset_id(parent_name(name), desired.target.namespace)
            manifests = render(desired, part_of=part_of, commit=COMMIT)
            parts.append(to_yaml(manifests, header=(str(desired.target),)))
    return "".join(parts)
