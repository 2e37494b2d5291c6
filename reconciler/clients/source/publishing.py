"""A branch of the caller's own that is pushed, and goes on where it was: never by force, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.clients.source.failures import clean
from reconciler.clients.source.interface import SourceRefused
from reconciler.clients.source.own_commits import put_files, write_commit
from reconciler.clients.source.own_git import OwnGit
from reconciler.clients.source.own_remote import speak


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a remote has: the last commits of a branch (empty where it has none yet) and of its target."""

    remote: str
    branch: str
    tip: str
    target: str


class GitPublisher:
    """Commits on a branch that a remote may have already, and pushes it. Work tree and index stay."""

    def __init__(self, directory: Path) -> None:
        self._git = OwnGit(directory)

    def look(self, remote: str, branch: str, target: str, into: str = "") -> Published:
        """What the remote has of the branch, and it or the remote `into` of its target; both are fetched.

        Raises SourceRefused where there is no branch `target`, SourceUnreachable where one does not answer.
        """
        self._git.text("check-ref-format", "--branch", branch)
        own, goal = f"refs/heads/{branch}", f"refs/heads/{target}"
        asked = {remote: (own,), into: (goal,)} if into not in ("", remote) else {remote: (own, goal)}
        found = {(place, ref): sha for place, refs in asked.items() for ref, sha in self._list(place, refs)}
        base = found.get((into or remote, goal))
        if base is None:
            raise SourceRefused(
                f"{clean(into or remote)}: it has no branch {clean(target)} to merge into. "
                "Name it with --base."
            )
        # Nothing but objects: no name in this repository changes.
        quiet = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
        for place in asked:
            there = [ref for known, ref in found if known == place]
            if there:
                speak(self._git, place, "fetch", *quiet, "--refmap=", "--", place, *there)
        return Published(remote=remote, branch=branch, tip=found.get((remote, own), ""), target=base)

    def count_strangers(self, published: Published) -> int:
        """How many commits of HEAD the target lacks: a pull request from here would carry them along."""
        return int(self._git.text("rev-list", "--count", f"{published.target}..HEAD"))

    def commit(self, published: Published, files: Mapping[str, bytes], message: str) -> str:
        """Commit files on the branch, new or as it is; its last commit, the old one where nothing differs.

        A new one starts at HEAD. One that is there gets a commit more, and HEAD is merged into it where that
        went on. Raises SourceRefused where that would undo what others did there.
        """
        ref = f"refs/heads/{published.branch}"
        local = self._find_local(published.branch)
        tip = self._choose_tip(published, local)
        head = self._git.head()
        if tip:
            made = self._go_on(published.branch, tip, head, files, message)
        else:
            tree = self._git.text("rev-parse", "--verify", "HEAD^{tree}")
            made = write_commit(self._git, put_files(self._git, tree, files), (head,), message)
        self._git.run("update-ref", "-m", "modelsync", ref, made, local)
        return made

    def push(self, published: Published) -> None:
        """Push the branch. Raises SourceRefused where the remote does not take it, SourceUnreachable."""
        ref = f"refs/heads/{published.branch}"
        speak(self._git, published.remote, "push", "--porcelain", "--", published.remote, f"{ref}:{ref}")

    def _list(self, remote: str, refs: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Those of the refs that a remote has, with their commits."""
        said = speak(self._git, remote, "ls-remote", "--", remote, *refs).decode("utf-8", "surrogateescape")
        # <commit>\t<name>; a pattern also finds names that end as it does.
        found = (line.partition("\t") for line in said.splitlines())
        return ((name, sha) for sha, _, name in found if name in refs)

    def _find_local(self, branch: str) -> str:
        """The last commit of a branch of ours; empty where there is none."""
        form = "--format=%(refname) %(objectname) %(worktreepath)"
        for line in self._git.text("for-each-ref", form, f"refs/heads/{branch}").splitlines():
            name, sha, where = line.split(" ", 2) if line.count(" ") > 1 else (*line.split(" "), "")
            if name != f"refs/heads/{branch}":
                continue
            if where:
                raise SourceRefused(
                    f"{clean(branch)}: it is checked out in {clean(where)}, whose files would not follow. "
                    "Name another with --branch, or switch to the main branch there."
                )
            return sha
        return ""

    def _choose_tip(self, published: Published, local: str) -> str:
        if not local or not published.tip or local == published.tip:
            return local or published.tip
        if self._contains(local, published.tip):
            return local
        if self._contains(published.tip, local):
            return published.tip
        raise SourceRefused(
            f"{clean(published.branch)}: here and at {clean(published.remote)} it has different commits. "
            f"Name another with --branch, or remove the one here: git branch -D {clean(published.branch)}"
        )

    def _go_on(self, branch: str, tip: str, head: str, files: Mapping[str, bytes], message: str) -> str:
        base = self._git.text("merge-base", tip, head)
        prefix = self._git.prefix()
        ours = [f"{prefix}{path}" for path in sorted(files)]
        self._refuse_strangers(branch, base, tip, ours)
        merged = base == head
        if not merged:
            self._refuse_other_files(branch, base, tip, ours)
        start = tip if merged else head
        tree = put_files(self._git, self._git.text("rev-parse", "--verify", f"{start}^{{tree}}"), files)
        if merged and tree == self._git.text("rev-parse", "--verify", f"{tip}^{{tree}}"):
            return tip
        # Where HEAD has all of the branch, that was merged, and begins anew.
        parents = (tip,) if merged else (head,) if base == tip else (tip, head)
        return write_commit(self._git, tree, parents, message)

    def _refuse_strangers(self, branch: str, base: str, tip: str, paths: list[str]) -> None:
        """What somebody else committed in the same files would be overwritten."""
        own = self._git.text("var", "GIT_COMMITTER_IDENT").rpartition("<")[2].partition(">")[0]
        literal = (f":(top,literal){path}" for path in paths)
        found = self._git.text("log", "--format=%ce", f"{base}..{tip}", "--", *literal).splitlines()
        others = sorted(set(found) - {own})
        if others:
            raise SourceRefused(
                f"{clean(branch)}: {clean(', '.join(others))} changed the same files there, which would be "
                f"undone. Name another with --branch, or go on there by hand: git switch {clean(branch)}"
            )

    def _refuse_other_files(self, branch: str, base: str, tip: str, paths: list[str]) -> None:
        said = self._git.run("diff", "--name-only", "--no-renames", "-z", base, tip)
        changed = {name.decode("utf-8", "surrogateescape") for name in said.split(b"\0") if name}
        left = sorted(changed - set(paths))
        if left:
            raise SourceRefused(
                f"{clean(branch)}: it also changes {clean(', '.join(left))}, and began before HEAD. Merge "
                "HEAD into it first, or name another with --branch."
            )

    def _contains(self, newer: str, older: str) -> bool:
        done = self._git.start(("merge-base", "--is-ancestor", older, newer))
        self._git.finish(("merge-base",), done, (0, 1))
        return done.returncode == 0
