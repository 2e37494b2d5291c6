"""The caller's work tree, in real git: what is uncommitted in it, and commits that leave it as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.clients.source.interface import SourceRefused
from reconciler.clients.source.worktree import GitWorktree
from tests.support.git_servers import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "work")
    made.commit("First", **{"data/a.yaml": "1\n", "data/deep/er/b.yaml": "2\n", "run": "x"})
    made.git("config", "user.name", "Ann")
    made.git("config", "user.email", "ann@example.com")
    return made


def test_a_folder_outside_of_git_is_told(tmp_path: Path, repository: Repository) -> None:
    assert GitWorktree(repository.path / "data").is_git()
    (tmp_path / "plain").mkdir()
    assert not GitWorktree(tmp_path / "plain").is_git()


def test_sees_what_is_uncommitted_among_the_paths_alone(repository: Repository) -> None:
    worktree = GitWorktree(repository.path / "data")
    assert worktree.look(("a.yaml", "deep")).changed == ()
    (repository.path / "data/a.yaml").write_text("changed")
    (repository.path / "data/deep/new ü.yaml").write_text("new")
    (repository.path / "data/*.yaml").write_text("odd")
    assert worktree.look(("a.yaml", "deep")).changed == ("a.yaml", "deep/new ü.yaml")
    assert worktree.look(("*.yaml",)).changed == ("*.yaml",)
    repository.git("add", "data/a.yaml")
    assert worktree.look(("a.yaml",)).changed == ("a.yaml",)


def test_a_commit_lies_on_its_branch_and_changes_nothing_else(repository: Repository) -> None:
    (repository.path / "data/a.yaml").write_text("mine\n")
    before = repository.git("status", "--porcelain=v2", "--branch")
    files = {"deep/er/b.yaml": b"3\n", "deep/ü new/c.yaml": b"4\n"}
    made = GitWorktree(repository.path / "data").commit("edits/one", files, "Title\n\nBody ü\n")
    assert repository.git("rev-parse", "edits/one") == made
    assert repository.git("rev-parse", "edits/one^") == repository.git("rev-parse", "HEAD")
    assert repository.git("status", "--porcelain=v2", "--branch") == before
    shown = repository.git("-c", "core.quotePath=false", "show", "--name-status", "--format=%an%n%B", made)
    assert shown == "Ann\nTitle\n\nBody ü\n\n\nM\tdata/deep/er/b.yaml\nA\tdata/deep/ü new/c.yaml"
    assert repository.git("show", f"{made}:data/deep/ü new/c.yaml") == "4"
    repository.git("fsck", "--strict")


def test_an_executable_file_stays_one(repository: Repository) -> None:
    repository.git("update-index", "--chmod=+x", "run")
    repository.git("commit", "--quiet", "-m", "Executable")
    made = GitWorktree(repository.path).commit("edits", {"run": b"y"}, "Title")
    assert repository.git("ls-tree", made, "run").startswith("100755 blob ")


def test_hooks_are_not_run(repository: Repository) -> None:
    for name in ("reference-transaction", "post-commit", "pre-commit"):
        hook = repository.path / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ntouch hooked\nexit 1\n")
        hook.chmod(0o755)
    GitWorktree(repository.path).commit("edits", {"run": b"y"}, "Title")
    assert not (repository.path / "hooked").exists()


@pytest.mark.parametrize(
    ("branch", "said"),
    [("main", "main: there is such a branch already"), ("a..b", "failed: fatal:"), ("-x", "failed: ")],
)
def test_a_branch_that_cannot_be_made_is_refused(repository: Repository, branch: str, said: str) -> None:
    before = repository.git("for-each-ref")
    with pytest.raises(SourceRefused, match=said):
        GitWorktree(repository.path).commit(branch, {"run": b"y"}, "Title")
    assert repository.git("for-each-ref") == before


def test_a_signature_that_is_asked_for_and_cannot_be_made_is_an_error(repository: Repository) -> None:
    repository.git("config", "commit.gpgSign", "true")
    repository.git("config", "gpg.format", "ssh")
    repository.git("config", "user.signingKey", str(repository.path / "no-such-key"))
    with pytest.raises(SourceRefused, match="git commit-tree failed"):
        GitWorktree(repository.path).commit("edits", {"run": b"y"}, "Title")
    assert "edits" not in repository.git("for-each-ref")


class TestPublished:
    @pytest.fixture
    def clone(self, tmp_path: Path, repository: Repository) -> Repository:
        """A clone, which has the branch main of its origin."""
        made = Repository(tmp_path / "clone")
        made.git("remote", "add", "origin", str(repository.path))
        made.git("pull", "--quiet", "origin", "main")
        return made

    def test_a_commit_that_the_remote_has_is_published(self, clone: Repository) -> None:
        assert GitWorktree(clone.path).find_published("origin") == clone.git("rev-parse", "HEAD")

    def test_an_older_one_is_too(self, repository: Repository, clone: Repository) -> None:
        first = clone.git("rev-parse", "HEAD")
        repository.commit("Second", run="y")
        clone.git("fetch", "--quiet", "origin")
        assert GitWorktree(clone.path).find_published("origin") == first

    def test_one_that_was_never_pushed_is_not(self, clone: Repository) -> None:
        clone.commit("Mine", run="y")
        assert GitWorktree(clone.path).find_published("origin") == ""
        clone.git("push", "--quiet", "origin", "HEAD:refs/heads/mine")
        assert GitWorktree(clone.path).find_published("origin") == clone.git("rev-parse", "HEAD")

    def test_another_remote_does_not_count(self, clone: Repository) -> None:
        clone.git("remote", "rename", "origin", "origin-fork")
        assert GitWorktree(clone.path).find_published("origin") == ""

    def test_a_folder_inside_another_repository_is_not_that_repository(self, clone: Repository) -> None:
        assert GitWorktree(clone.path / "data").find_published("origin") == ""

    def test_without_a_commit_there_is_none(self, tmp_path: Path, repository: Repository) -> None:
        repository.git("init", "--quiet", str(tmp_path / "empty"))
        with pytest.raises(SourceRefused, match="there is no commit yet"):
            GitWorktree(tmp_path / "empty").find_published("origin")
