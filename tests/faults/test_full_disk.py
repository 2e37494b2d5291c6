"""A disk that is full where git keeps its copy: a real file system of a few pages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Team
from tests.faults.places import find_place
from tests.support.shop import Ended


def sync_with_disk_of(team: Team, size: str, repository: Path, cache: Path) -> Ended:
    """A run whose git cache is a file system of that size."""
    cache.mkdir(exist_ok=True)
    mount = f'mount -t tmpfs -o size={size} tmpfs "$0" && exec "$@"'
    sync = (sys.executable, "-m", "reconciler", "sync", "production")
    options = ("--repository", f"file://{repository}", "--git-cache", str(cache))
    done = subprocess.run(
        [*find_place(), "sh", "-c", mount, str(cache), *sync, *options],
        cwd=team.shop.folder,
        env=team.shop.environment(team.cluster.kubeconfig),
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr)


@pytest.mark.covers("B4", "T3")
@pytest.mark.parametrize("size", ["4k", "16k", "64k", "256k"])
def test_a_full_disk_under_the_git_cache_is_told_and_nothing_is_changed(
    team: Team, tmp_path: Path, size: str
) -> None:
    assert team.sync().code == 0
    before = {name: item["metadata"]["resourceVersion"] for name, item in team.live().items()}
    # What does not compress, in a file that people may have beside their declarations.
    team.shop.write("models/wines/README.md", os.urandom(300_000).hex())
    team.shop.declare("production/wines", {1: 50, 2: 50})
    team.shop.commit("Much to read")
    bare = tmp_path / "remote.git"
    team.shop.git("clone", "--quiet", "--bare", ".", str(bare))
    since = team.cluster.audit_position()

    full = sync_with_disk_of(team, size, bare, tmp_path / "cache")

    assert full.code == 3, full.out + full.err
    assert "No space left on device" in full.err
    assert "make room there" in full.err.lower()
    assert {name: item["metadata"]["resourceVersion"] for name, item in team.live().items()} == before
    assert not [asked for asked in team.requests(since) if not asked.startswith(("get ", "list "))]
    assert sync_with_disk_of(team, "64m", bare, tmp_path / "cache").code == 0
    assert team.shares("wines") == {"v1": 50, "v2": 50}
