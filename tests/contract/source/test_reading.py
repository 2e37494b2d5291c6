"""What is resolved and read, in every way in which a repository can be reached. Real git, real servers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from reconciler.clients.source.interface import GitAccess, Revision, RevisionNotFound, SourceRefused
from reconciler.clients.source.remote import open_repository
from tests.contract.source.conftest import Place
from tests.support.git_servers import Repository

ABSENT = "0" * 40


def test_a_branch_is_resolved_to_its_commit(place: Place) -> None:
    sha = place.repository.commit()
    place.publish()
    with place.open() as source:
        revision = source.resolve("main")
    assert revision == Revision(ref="main", sha=sha)
    assert str(revision) == f"main@sha1:{sha}"


@pytest.mark.parametrize("ref", ["v1", "refs/tags/v1", "annotated"])
def test_a_tag_is_resolved_to_the_commit_behind_it(place: Place, ref: str) -> None:
    sha = place.repository.commit()
    place.repository.git("tag", "v1")
    place.repository.git("tag", "-a", "-m", "release", "annotated")
    place.repository.commit()
    place.publish()
    with place.open() as source:
        assert source.resolve(ref).sha == sha


def test_a_branch_wins_over_a_tag_of_the_same_name(place: Place) -> None:
    place.repository.git("tag", "main")
    sha = place.repository.commit()
    place.publish()
    with place.open() as source:
        assert source.resolve("main").sha == sha


def test_a_branch_that_only_ends_alike_is_not_taken(place: Place) -> None:
    place.repository.git("branch", "feature/release")
    place.publish()
    with place.open() as source, pytest.raises(RevisionNotFound, match="'release'"):
        source.resolve("release")


def test_a_full_commit_name_is_its_own_revision(place: Place) -> None:
    sha = place.repository.commit(**{"models/wines/model.yaml": "old\n"})
    place.repository.commit(**{"models/wines/model.yaml": "new\n"})
    place.publish()
    with place.open() as source:
        revision = source.resolve(sha)
        assert source.read(revision).files == {"models/wines/model.yaml": b"old\n"}


def test_a_repository_without_a_commit_says_so(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "fresh")
    with (
        open_repository(str(repository.path), GitAccess(timeout=30)) as source,
        pytest.raises(RevisionNotFound, match="there is no commit yet"),
    ):
        source.resolve("HEAD")


def test_a_folder_outside_any_repository_says_how_to_start_one(tmp_path: Path) -> None:
    with (
        pytest.raises(SourceRefused, match="in no git repository. Start one here"),
        open_repository(str(tmp_path), GitAccess(timeout=30)) as source,
    ):
        source.resolve("HEAD")


def test_a_commit_that_is_not_there_is_not_found(place: Place) -> None:
    place.publish()
    with place.open() as source, pytest.raises(RevisionNotFound, match=ABSENT):
        source.read(source.resolve(ABSENT))


@pytest.mark.parametrize("ref", ["", "-upload-pack=touch x", "--all", ":/first", "a\nb", "main..main", "a b"])
def test_names_that_are_none_reach_no_program(place: Place, ref: str) -> None:
    place.publish()
    with place.open() as source, pytest.raises(RevisionNotFound, match="is no name of a branch"):
        source.resolve(ref)


def test_the_data_folders_are_read_whole_and_nothing_else(place: Place) -> None:
    written = {
        "models/wines/model.yaml": "registeredModel: wine-quality\n",
        "models/wines/versions/3.yaml": "identity: {}\n",
        "environments/production/environment.yaml": "namespace: wines\n",
        "environments/production/deployments/wines.yaml": "",
        "environments/production/deployments/größe mit leer.yaml": "\x00\r\n",
        "environments-old/x.yaml": "no\n",
        "reconciler/x.py": "no\n",
        "README.md": "no\n",
    }
    place.repository.commit(**written)
    place.publish()
    with place.open() as source:
        tree = source.read(source.resolve("main"))
    wanted = {path: text for path, text in written.items() if path.startswith(("models/", "environments/"))}
    assert tree.files == {path: text.encode() for path, text in wanted.items()}
    assert (tree.links, tree.submodules) == ({}, ())


def test_a_commit_without_the_folders_gives_no_files(place: Place) -> None:
    place.repository.git("rm", "-rq", "models")
    place.repository.commit()
    place.publish()
    with place.open() as source:
        assert source.read(source.resolve("main")).files == {}


@pytest.mark.covers("B1", "S1")
def test_what_is_read_is_the_commit_that_was_resolved_even_if_the_branch_moves(place: Place) -> None:
    place.repository.commit(**{"models/wines/model.yaml": "before\n"})
    place.publish()
    with place.open() as source:
        revision = source.resolve("main")
        place.repository.commit(**{"models/wines/model.yaml": "after\n"})
        place.publish()
        assert source.read(revision).files == {"models/wines/model.yaml": b"before\n"}


def test_links_and_submodules_are_named_not_followed(place: Place) -> None:
    repository = place.repository
    (repository.path / "models/out").symlink_to("../../etc/passwd")
    (repository.path / "environments").symlink_to("elsewhere")
    head = repository.git("rev-parse", "HEAD")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{head},models/sub")
    (repository.path / "models/sub").mkdir()
    repository.commit()
    place.publish()
    with place.open() as source:
        tree = source.read(source.resolve("main"))
    assert tree.links == {"models/out": "../../etc/passwd", "environments": "elsewhere"}
    assert tree.submodules == ("models/sub",)
    assert set(tree.files) == {"models/wines/model.yaml"}


def test_a_path_that_is_not_utf8_is_kept_apart(place: Place) -> None:
    name = b"models/gr\xfc\xdfe.yaml".decode("utf-8", "surrogateescape")
    place.repository.write(name, b"x\n")
    place.repository.commit()
    place.publish()
    with place.open() as source:
        assert source.read(source.resolve("main")).files[name] == b"x\n"


@pytest.mark.covers("T24")
def test_nothing_that_a_repository_carries_is_run(place: Place, tmp_path: Path) -> None:
    mark = tmp_path / "it ran"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch '{mark}'\ncat\n")
    script.chmod(0o755)
    sha = place.repository.commit(**{".gitattributes": "* filter=evil diff=evil\n", "models/x.yaml": "x\n"})
    place.publish()
    for hook in ("post-checkout", "post-merge", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"):
        (place.store / "hooks").mkdir(exist_ok=True)
        shutil.copy(script, place.store / "hooks" / hook)
    settings = {
        "filter.evil": ("smudge", "clean"),
        "diff.evil": ("textconv", "command"),
        "diff": ("external",),
        "core": ("fsmonitor", "pager", "sshCommand", "askPass", "editor", "gitProxy"),
        "gpg": ("program",),
        "pager": ("rev-list", "diff-tree", "merge-base"),
        "uploadpack": ("packObjectsHook",),
    }
    names = [(f"{section}.{name}", str(script)) for section in settings for name in settings[section]]
    names += [("core.hooksPath", str(place.store / "hooks")), ("log.showSignature", "true")]
    for name, value in names:
        place.repository.git("config", "--file", str(place.store / "config"), name, value)
    with place.open() as source:
        revision = source.resolve("main")
        assert source.read(revision).files["models/x.yaml"] == b"x\n"
        source.read_commit(sha)
        first = source.find_merge_bases(sha, sha)[0]
        source.list_changed(first, sha)
        source.read_line(sha)
        source.find_lineage(ABSENT, sha)
    assert not mark.exists()


def spent() -> float:
    """Seconds on a processor, of this process and those that it waited for: a busy machine adds none."""
    return sum(os.times()[:4])


def test_fifteen_hundred_files_do_not_take_a_process_each(place: Place) -> None:
    for number in range(1500):
        place.repository.write(
            f"environments/e{number % 50}/deployments/d{number}.yaml", f"model: m{number}\n"
        )
    place.repository.commit()
    place.publish()
    before = spent()
    with place.open() as source:
        assert len(source.read(source.resolve("main")).files) == 1501
    # A tenth to a fifth of that is spent; a process for each file would take more than two.
    assert spent() - before < 1
