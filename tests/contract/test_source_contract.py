"""The source port, against every way in which a repository can be reached. Real git, real servers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest

from reconciler.clients.source.interface import (
    GitAccess,
    Lineage,
    Revision,
    RevisionNotFound,
    Source,
    SourceError,
    SourceRefused,
)
from reconciler.clients.source.remote import open_repository
from tests.support.git_servers import Repository, make_authority, serve_http, serve_ssh

ABSENT = "0" * 40
TOKEN = "glpat-s3cr3t/with+odd=characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository of a test and one way to it. `publish` brings its commits to where they are read."""

    repository: Repository
    store: Path
    publish: Callable[[], object]
    open: Callable[[], Source]


@pytest.fixture(params=["checkout", "bare", "file", "http", "https", "ssh"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    assert shutil.which("ssh"), "these tests need an ssh client (Debian: openssh-client)"
    repository = Repository(tmp_path / "work tree")
    repository.commit("first", **{"models/wines/model.yaml": "registeredModel: wine-quality\n"})
    served = tmp_path / "served"
    served.mkdir()
    bare = served / "ml.git"
    kind = str(request.param)
    with ExitStack() as stack:
        location, access = str(bare), GitAccess(timeout=30)
        if kind == "checkout":
            location = str(repository.path)
        elif kind == "file":
            location = bare.as_uri()
        elif kind == "http":
            location = stack.enter_context(serve_http(served)).url("ml.git")
        elif kind == "https":
            ca_file, tls = make_authority(tmp_path / "authority")
            token_file = tmp_path / "token"
            token_file.write_text(f"{TOKEN}\n")
            location = stack.enter_context(serve_http(served, tls=tls)).url("ml.git")
            access = GitAccess(timeout=30, ca_file=ca_file, token_file=token_file, cache=tmp_path / "cache")
        elif kind == "ssh":
            server = stack.enter_context(serve_ssh(served, tmp_path / "keys of a team"))
            location = server.url("ml.git")
            access = GitAccess(timeout=30, key_file=server.key_file, known_hosts_file=server.known_hosts_file)
        yield Place(
            repository=repository,
            store=repository.path / ".git" if kind == "checkout" else bare,
            publish=lambda: repository.publish(bare),
            open=lambda: open_repository(location, access),
        )


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
        assert source.find_merge_base(main, topic) == base
        assert source.list_changed(base, topic) == ("models/a.yaml", "models/moved.yaml", "models/new ü.yaml")


def test_unrelated_histories_have_no_merge_base(place: Place) -> None:
    main = place.repository.commit()
    place.repository.git("switch", "--quiet", "--orphan", "other")
    other = place.repository.commit()
    place.publish()
    with place.open() as source:
        assert (source.resolve("main").sha, source.resolve("other").sha) == (main, other)
        with pytest.raises(RevisionNotFound, match="no common ancestor"):
            source.find_merge_base(main, other)


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
        first = source.find_merge_base(sha, sha)
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


def test_contents_that_are_not_there_are_damage(place: Place) -> None:
    place.publish()
    with place.open() as source, pytest.raises(SourceError, match="missing"):
        source.read_contents(source.resolve("main").sha, (ABSENT,))
