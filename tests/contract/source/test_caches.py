"""A cache saves transfers, hides no damage, and is made anew where it is damaged itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.clients.source.interface import GitAccess, Lineage, SourceCorrupt, SourceRefused
from reconciler.clients.source.remote import open_repository
from tests.support.git_servers import GitHttpServer, Repository


def test_a_cache_saves_the_second_transfer(http: GitHttpServer, tmp_path: Path) -> None:
    access = GitAccess(cache=tmp_path / "cache")
    for transfers in (1, 0):
        http.requests.clear()
        with open_repository(http.url("ml.git"), access) as source:
            assert len(source.read(source.resolve("main")).files) == 1
        answered = [path for path, _ in http.requests if path.startswith("/ml.git/info/refs")]
        assert len(answered) == 1 + transfers


def test_a_cache_follows_a_rewritten_branch(
    http: GitHttpServer, repository: Repository, tmp_path: Path
) -> None:
    access = GitAccess(cache=tmp_path / "cache")
    old = repository.git("rev-parse", "main")
    with open_repository(http.url("ml.git"), access) as source:
        source.read(source.resolve("main"))
    repository.git("commit", "--quiet", "--amend", "-m", "rewritten")
    repository.publish(tmp_path / "served/ml.git")
    with open_repository(http.url("ml.git"), access) as source:
        revision = source.resolve("main")
        assert revision.sha != old
        assert source.find_lineage(old, revision.sha) is Lineage.NOT_ANCESTOR


@pytest.mark.parametrize("damage", ["cut", "gone", "config", "HEAD", "packed-refs", "lock"])
def test_a_damaged_cache_is_replaced(http: GitHttpServer, tmp_path: Path, damage: str) -> None:
    access = GitAccess(cache=tmp_path / "cache")
    with open_repository(http.url("ml.git"), access) as source:
        before = source.read(source.resolve("main"))
    (folder,) = (tmp_path / "cache").glob("*.git")
    (pack,) = folder.glob("objects/pack/*.pack")
    pack.chmod(0o600)
    if damage == "cut":
        pack.write_bytes(pack.read_bytes()[:40])
    elif damage == "gone":
        pack.unlink()
    elif damage == "lock":
        (folder / "refs/modelsync/heads/main.lock").write_text("")
        (folder / "packed-refs.lock").write_text("")
    else:
        (folder / damage).write_text("[core\n")
    with open_repository(http.url("ml.git"), access) as source:
        assert source.read(source.resolve("main")) == before


def test_a_cache_does_not_hide_damage_at_the_source(repository: Repository, tmp_path: Path) -> None:
    bare = tmp_path / "served/ml.git"
    access = GitAccess(cache=tmp_path / "cache")
    repository.commit(**{"models/b.yaml": "b\n"})
    name = repository.git("rev-parse", "HEAD:models/b.yaml")
    repository.publish(bare)
    (bare / "objects" / name[:2] / name[2:]).unlink()
    with open_repository(bare.as_uri(), access) as source, pytest.raises(SourceCorrupt):
        source.read(source.resolve("main"))


def test_a_cache_that_cannot_be_written_is_named(http: GitHttpServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with open_repository(http.url("ml.git"), GitAccess(cache=tmp_path / "file/cache")) as source:
        revision = source.resolve("main")
        with pytest.raises(SourceRefused, match="--git-cache"):
            source.read(revision)
