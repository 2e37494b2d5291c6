"""A damaged repository is named as such, and is never a shorter answer."""

from __future__ import annotations

import shutil

import pytest

from reconciler.clients.source.interface import Source, SourceError, SourceRefused
from tests.contract.source.conftest import Place

ABSENT = "0" * 40


def read_all(source: Source, head: str) -> None:
    """Every object of the files and of the history is needed for this."""
    source.read(source.resolve("main"))
    source.find_lineage(ABSENT, head)


@pytest.mark.covers("T3")
@pytest.mark.parametrize(
    "lost", ["HEAD:models/wines/model.yaml", "HEAD:models/wines", "HEAD^{tree}", "HEAD^"]
)
def test_a_truncated_store_is_never_a_shorter_answer(place: Place, lost: str) -> None:
    sha = place.repository.commit(
        **{"models/prices/model.yaml": "x\n", "environments/e/environment.yaml": "y\n"}
    )
    name = place.repository.git("rev-parse", lost)
    place.publish()
    (place.store / "objects" / name[:2] / name[2:]).unlink()
    with place.open() as source, pytest.raises(SourceError) as caught:
        read_all(source, sha)
    assert not isinstance(caught.value, SourceRefused)
    assert "othing was changed" in str(caught.value)


def test_a_store_without_its_newest_commit_is_not_an_empty_repository(place: Place) -> None:
    sha = place.repository.commit()
    place.publish()
    (place.store / "objects" / sha[:2] / sha[2:]).unlink()
    with place.open() as source, pytest.raises(SourceError) as caught:
        source.read(source.resolve("main"))
    assert "othing was changed" in str(caught.value)


def test_an_object_with_exchanged_content_is_found_out(place: Place) -> None:
    place.repository.commit(**{"models/prices/model.yaml": "one\n"})
    name = place.repository.git("rev-parse", "HEAD:models/prices/model.yaml")
    other = place.repository.git("hash-object", "-w", "--stdin", data=b"two\n")
    place.publish()
    objects = place.store / "objects"
    target = objects / name[:2] / name[2:]
    target.unlink()
    shutil.copy(place.repository.path / ".git/objects" / other[:2] / other[2:], target)
    with place.open() as source, pytest.raises(SourceError) as caught:
        source.read(source.resolve("main"))
    assert not isinstance(caught.value, SourceRefused)


def test_contents_that_are_not_there_are_damage(place: Place) -> None:
    place.publish()
    with place.open() as source, pytest.raises(SourceError, match="missing"):
        source.read_contents(source.resolve("main").sha, (ABSENT,))
