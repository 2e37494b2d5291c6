"""This repository's own models and environments are a working example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.load.documents import load
from reconciler.load.worktree import read_worktree
from reconciler.resolve.resolver import resolve
from reconciler.validate.checks import Check, check

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("models", "environments") for path in (ROOT / folder).rglob("*.yaml"))


@pytest.fixture(scope="module")
def own() -> Check:
    tree = read_worktree(ROOT)
    return check(load(tree.files, links=tree.links, unreadable=tree.unreadable))


def test_validation_finds_nothing(own: Check) -> None:
    assert [f"{finding.location} {finding.rule} {finding.message}" for finding in own.findings] == []


def test_staging_and_production_serve_wines(own: Check) -> None:
    for environment in ("staging", "production"):
        desired = resolve(own.repository, environment, findings=own.findings)
        assert desired.faults == ()
        assert desired.target.namespace == f"wines-{environment}"
        (deployment,) = desired.deployments
        assert deployment.id == f"{environment}/wines"
        assert sum(variant.traffic for variant in deployment.variants if not variant.shadow) == 100


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_editors_find_the_schema_of_every_file(path: Path) -> None:
    modeline = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", path.read_text().splitlines()[0])
    assert modeline, "the first line must name the file's schema"
    schema = (path.parent / modeline[1]).resolve()
    assert schema.parent == ROOT / "schemas"
    assert schema.is_file()
