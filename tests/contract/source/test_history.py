"""What a repository tells of its history: lineage, facts of commits, changed files, the line of merges."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from reconciler.clients.source.interface import GitAccess, Lineage, RevisionNotFound, SourceCorrupt
from reconciler.clients.source.remote import open_repository
from tests.contract.source.conftest import Place
from tests.support.git_servers import Repository

ABSENT = "0" * 40


def test_lineage_tells_a_continued_history_from_a_rewritten_one(place: Place) -> None:
    first = place.repository.commit()
    second = place.repository.commit()
    place.publish()
    place.repository.git("reset", "--quiet", "--hard", first)
    rewritten = place.repository.commit("another second", **{"models/x.yaml": "x\n"})
    place.publish()
    with place.open() as source:
        revision = source.resolve("main")
        assert revision.sha == rewritten
        assert source.find_lineage(first, rewritten) is Lineage.ANCESTOR
        assert source.find_lineage(rewritten, rewritten) is Lineage.ANCESTOR
        assert source.find_lineage(second, rewritten) is Lineage.NOT_ANCESTOR
        assert source.find_lineage(ABSENT, rewritten) is Lineage.NOT_ANCESTOR


def test_lineage_of_something_that_is_no_commit_name_is_refused(place: Place) -> None:
    sha = place.repository.commit()
    place.publish()
    with place.open() as source, pytest.raises(RevisionNotFound, match="not the full name"):
        source.find_lineage("--help", sha)


def test_the_facts_of_a_commit(place: Place) -> None:
    sha = place.repository.commit("wines: v5 at 10 %\n\nLong text.")
    place.publish()
    with place.open() as source:
        facts = source.read_commit(source.resolve("main").sha)
    assert (facts.sha, facts.author, facts.email) == (sha, "Ada", "ada@example.com")
    assert facts.subject == "wines: v5 at 10 %"
    assert facts.committed == datetime.fromtimestamp(1_790_000_120, tz=timezone.utc)


def test_a_subject_cannot_steer_the_terminal(place: Place) -> None:
    place.repository.commit("\x1b[2Jall good\x07")
    place.publish()
    with place.open() as source:
        assert source.read_commit(source.resolve("main").sha).subject == "[2Jall good"


def test_a_commit_without_a_time_is_refused_by_name_of_what_finds_it(place: Place) -> None:
    repository = place.repository
    tree = repository.git("rev-parse", f"{repository.commit()}^{{tree}}")
    commit = f"tree {tree}\nauthor Ada <a@b> 1 +0000\ncommitter Ada <a@b>\n\na change\n"
    name = repository.git(
        *("hash-object", "-t", "commit", "-w", "--literally", "--stdin"), data=commit.encode()
    )
    repository.git("update-ref", "HEAD", name)
    place.publish()
    with place.open() as source, pytest.raises(SourceCorrupt, match="git fsck"):
        source.read_commit(source.resolve("main").sha)


def test_changed_files_since_the_merge_base(place: Place) -> None:
    repository = place.repository
    base = repository.commit(**{"models/a.yaml": "long enough to be found again\n", "models/b.yaml": "b\n"})
    repository.git("switch", "--quiet", "--create", "topic")
    repository.git("mv", "models/a.yaml", "models/moved.yaml")
    topic = repository.commit(**{"models/new ü.yaml": "n\n"})
    repository.git("switch", "--quiet", "main")
    main = repository.commit(**{"models/b.yaml": "other\n"})
    place.publish()
    with place.open() as source:
        assert source.resolve("main").sha == main
        assert source.resolve("topic").sha == topic
        assert source.find_merge_bases(main, topic) == (base,)
        assert source.list_changed(base, topic) == ("models/a.yaml", "models/moved.yaml", "models/new ü.yaml")


def test_unrelated_histories_have_no_merge_base(place: Place) -> None:
    main = place.repository.commit()
    place.repository.git("switch", "--quiet", "--orphan", "other")
    other = place.repository.commit()
    place.publish()
    with place.open() as source:
        assert (source.resolve("main").sha, source.resolve("other").sha) == (main, other)
        with pytest.raises(RevisionNotFound, match="no common ancestor"):
            source.find_merge_bases(main, other)


def test_branches_that_were_merged_crosswise_have_two_merge_bases(place: Place) -> None:
    repository = place.repository
    repository.commit()
    repository.git("switch", "--quiet", "--create", "topic")
    first = repository.commit("one", **{"models/a.yaml": "a\n"})
    repository.git("switch", "--quiet", "main")
    second = repository.commit("two", **{"models/b.yaml": "b\n"})
    repository.git("merge", "--quiet", "-m", "Merge topic", first)
    main = repository.git("rev-parse", "HEAD")
    repository.git("switch", "--quiet", "topic")
    repository.git("merge", "--quiet", "--no-ff", "-m", "Merge main", second)
    topic = repository.commit("three")
    place.publish()
    with place.open() as source:
        assert (source.resolve("main").sha, source.resolve("topic").sha) == (main, topic)
        assert set(source.find_merge_bases(main, topic)) == {first, second}


def test_a_line_tells_what_each_merge_changed_and_when_it_was_committed(place: Place) -> None:
    repository = place.repository
    repository.commit("outside", **{"README.md": "words\n"})
    repository.git("switch", "--quiet", "--create", "side")
    repository.commit("on the side", **{"environments/a/deployments/x.yaml": "first try\n"})
    repository.commit("again on the side", **{"environments/a/deployments/x.yaml": "second try\n"})
    repository.git("switch", "--quiet", "main")
    repository.git("rm", "--quiet", "models/wines/model.yaml")
    last = repository.commit("removes")
    repository.git("merge", "--quiet", "--no-ff", "-m", "Merge side", "side")
    merge = repository.git("rev-parse", "HEAD")
    place.publish()
    with place.open() as source:
        line = source.read_line(source.resolve("main").sha)
        contents = source.read_contents(
            line.head, tuple(change.name for one in line.commits for change in one.changes if change.name)
        )
    told = [
        (
            one.commit.subject,
            one.merge,
            {change.path: contents.get(change.name) for change in one.changes},
        )
        for one in line.commits
    ]
    assert line.complete
    assert told == [
        ("first", False, {"models/wines/model.yaml": b"registeredModel: wine-quality\n"}),
        ("removes", False, {"models/wines/model.yaml": None}),
        ("Merge side", True, {"environments/a/deployments/x.yaml": b"second try\n"}),
    ]
    assert [one.commit.sha for one in line.commits][1:] == [last, merge]
    assert line.commits[-1].commit.author == "Ada"


def test_a_line_of_a_folder_inside_a_repository_is_told_relative_to_it(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "all")
    repository.commit("first", **{"ml/[a] b/models/x.yaml": "1\n", "models/x.yaml": "2\n"})
    with open_repository(str(repository.path / "ml/[a] b"), GitAccess(timeout=30)) as source:
        (one,) = source.read_line(source.resolve("main").sha).commits
    assert [change.path for change in one.changes] == ["models/x.yaml"]


def test_a_line_says_that_a_clone_is_cut_short(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "work")
    for number in range(3):
        repository.commit(f"change {number}", **{"models/x.yaml": f"{number}\n"})
    bare = repository.publish(tmp_path / "bare.git")
    shallow = tmp_path / "shallow"
    repository.git("clone", "--quiet", "--depth", "2", bare.as_uri(), str(shallow))
    with open_repository(str(shallow), GitAccess(timeout=30)) as source:
        line = source.read_line(source.resolve("main").sha)
    assert not line.complete
    assert [one.commit.subject for one in line.commits] == ["change 1", "change 2"]


def test_a_clone_that_is_cut_short_elsewhere_is_complete(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "work")
    repository.commit("first", **{"models/x.yaml": "1\n"})
    repository.git("switch", "--quiet", "--orphan", "other")
    for number in range(3):
        repository.commit(f"other {number}", **{"models/y.yaml": f"{number}\n"})
    bare = repository.publish(tmp_path / "bare.git")
    shallow = tmp_path / "shallow"
    repository.git("clone", "--quiet", "--branch", "main", bare.as_uri(), str(shallow))
    repository.git("-C", str(shallow), "fetch", "--quiet", "--depth", "1", "origin", "other")
    with open_repository(str(shallow), GitAccess(timeout=30)) as source:
        assert source.read_line(source.resolve("main").sha).complete
