"""The caller's own work tree: what is uncommitted in it, and commits on a branch that leave it as it is.

Everything else here reads repositories of others, with settings of our own. A commit is the caller's: their
name, their signature, their repository. So these few calls run git as the caller would, only without hooks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.clients.source.blame import find_writers
from reconciler.clients.source.failures import clean
from reconciler.clients.source.interface import SourceRefused
from reconciler.clients.source.own_commits import put_files, write_commit
from reconciler.clients.source.own_git import OwnGit
from reconciler.state.explanations import Written

_FATAL = 128

_UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorktreeState:
    """Paths (relative to the folder) that differ from the last commit; what is under way, or empty."""

    changed: tuple[str, ...]
    under_way: str


class GitWorktree:
    """A folder of a git work tree. Paths are relative to it, with `/`."""

    def __init__(self, directory: Path) -> None:
        self._git = OwnGit(directory)

    def is_git(self) -> bool:
        """Whether the folder belongs to a git work tree.

        Raises SourceRefused where git is missing, or does not trust the folder.
        """
        done = self._git.start(("rev-parse", "--is-inside-work-tree"))
        if done.returncode == _FATAL and b"not a git repository" in done.stderr:
            return False
        return self._git.finish(("rev-parse",), done, (0,)).strip() == b"true"

    def look(self, paths: tuple[str, ...]) -> WorktreeState:
        """What is uncommitted among these paths, and whether git waits for the end of something."""
        output = self._git.run(
            *("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--"),
            *(f":(literal){path}" for path in paths),
        )
        # <two letters> <path from the root>, git-status(1).
        prefix = self._git.prefix()
        found = (entry[3:].decode("utf-8", "surrogateescape") for entry in output.split(b"\0") if entry)
        folder = Path(self._git.text("rev-parse", "--absolute-git-dir"))
        under_way = next((word for name, word in _UNDER_WAY.items() if (folder / name).exists()), "")
        return WorktreeState(
            changed=tuple(sorted(path.removeprefix(prefix) for path in found)), under_way=under_way
        )

    def find_writers(self, path: str, content: bytes, lines: Collection[int]) -> Mapping[int, Written]:
        """Which commit last wrote these lines (from 1) of a file, whose content is as it was read."""
        return find_writers(self._git, path, content, lines)

    def read_remote(self, name: str) -> str:
        """Where a remote is pushed to. Raises SourceRefused where there is none of this name."""
        arguments = ("remote", "get-url", "--push", "--", name)
        done = self._git.start(arguments)
        if done.returncode != 0:
            raise SourceRefused(
                f"{self._git.directory}: there is no remote {clean(name)}, so no forge to ask. "
                f"Add it: git remote add {clean(name)} ADDRESS"
            )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def find_published(self, remote: str) -> str:
        """The commit that is checked out, if a branch of the remote had it when last spoken to; else empty.

        Empty, too, below the top of a work tree: then the commit is that of a repository around the folder.
        """
        if self._git.prefix():
            return ""
        head = self._git.head()
        holders = self._git.run("for-each-ref", "--count=1", f"--contains={head}", f"refs/remotes/{remote}/")
        return head if holders else ""

    def commit(self, branch: str, files: Mapping[str, bytes], message: str) -> str:
        """Commit files on a new branch that starts at HEAD; the commit's full name.

        Neither the work tree nor its index nor the branch that is checked out changes. Raises SourceRefused
        where the branch exists, or git does not know who commits.
        """
        self._git.text("check-ref-format", "--branch", branch)
        ref = f"refs/heads/{branch}"
        if self._git.run("for-each-ref", "--count=1", ref):
            raise SourceRefused(
                f"{clean(branch)}: there is such a branch already. Name another with --branch, or remove it: "
                f"git branch -D {clean(branch)}"
            )
        head = self._git.head()
        tree = self._git.text("rev-parse", "--verify", "HEAD^{tree}")
        made = write_commit(self._git, put_files(self._git, tree, files), (head,), message)
        self._git.run("update-ref", "-m", "modelsync", ref, made, "")
        return made
