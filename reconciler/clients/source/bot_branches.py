"""The registry bot's own branches at a remote: each holds one commit on top of main, which the bot replaces.

A commit of the bot says what it was made from, and which tree it is, in a line of its message: so one that
somebody amended, or put on top, is told apart and never replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.clients.source.failures import clean
from reconciler.clients.source.interface import SourceRefused
from reconciler.clients.source.own_commits import put_files, write_commit
from reconciler.clients.source.own_git import OwnGit
from reconciler.clients.source.own_remote import speak

_TRAILER = "Modelsync-Bot"
# The last line: what a registry says of a version may look like one, further up.
_TOLD = re.compile(rf"\n\n{_TRAILER}: ([0-9a-f]{{64}}) ([0-9a-f]{{40,64}})\n*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotBranch:
    """A branch as the remote has it: its last commit, and the facts of that, empty if it is none of ours."""

    head: str
    facts: str


class BotBranches:
    """Branches below `prefix` (with / at its end) at `remote`. Work tree and local branches stay."""

    def __init__(self, directory: Path, remote: str, prefix: str) -> None:
        self._git = OwnGit(directory)
        self._remote = remote
        self._prefix = prefix

    @property
    def remote(self) -> str:
        """The remote's name."""
        return self._remote

    def exist(self) -> bool:
        """Whether the remote has any branch of ours. Raises SourceError; no such remote has none."""
        known = self._git.text("remote").splitlines()
        return self._remote in known and bool(self._list(f"refs/heads/{self._prefix}*"))

    def look(self, target: str) -> Mapping[str, BotBranch]:
        """Our branches by full name, once HEAD is known to be what the remote's `target` is.

        Raises SourceRefused where it is not: what is proposed would carry other commits along, or be made
        from what is no more.
        """
        goal = f"refs/heads/{target}"
        found = self._list(goal, f"refs/heads/{self._prefix}*")
        head = self._git.text("rev-parse", "--verify", "HEAD^{commit}")
        if found.get(goal) != head:
            there = found.get(goal, "")
            raise SourceRefused(
                f"{clean(self._remote)}: {clean(target)} is {there[:7] or 'not'} there, and HEAD here is "
                f"{head[:7]}. Run the bot on the branch that pull requests go into, as it is now: "
                f"git switch {clean(target)} && git pull"
            )
        heads = {
            name.removeprefix("refs/heads/"): sha
            for name, sha in found.items()
            if name.startswith(f"refs/heads/{self._prefix}")
        }
        if heads:
            self._fetch(tuple(f"refs/heads/{name}" for name in heads))
        return {name: BotBranch(head=sha, facts=self._read_facts(sha, head)) for name, sha in heads.items()}

    def list_asked(self) -> frozenset[str]:
        """The last commits of all pull requests that there ever were: GitHub, Gitea and Forgejo keep them."""
        return frozenset(self._list("refs/pull/*/head").values())

    def commit(self, files: Mapping[str, bytes], message: str, facts: str) -> str:
        """A commit on top of HEAD with these files and facts; its full name."""
        head = self._git.text("rev-parse", "--verify", "HEAD^{commit}")
        tree = put_files(self._git, self._git.text("rev-parse", "--verify", "HEAD^{tree}"), files)
        told = f"{message.rstrip()}\n\n{_TRAILER}: {facts} {tree}\n"
        return write_commit(self._git, tree, (head,), told)

    def push(self, branch: str, commit: str, expected: str) -> None:
        """Have the branch at a commit, if it still is at `expected` (empty: nowhere). Raises SourceError."""
        ref = f"refs/heads/{branch}"
        self._speak("push", f"--force-with-lease={ref}:{expected}", self._remote, f"{commit}:{ref}")

    def remove(self, branch: str, expected: str) -> None:
        """Remove the branch at the remote, if it still is at `expected`. Raises SourceError."""
        ref = f"refs/heads/{branch}"
        self._speak("push", f"--force-with-lease={ref}:{expected}", self._remote, f":{ref}")

    def _list(self, *patterns: str) -> dict[str, str]:
        said = self._speak("ls-remote", "--", self._remote, *patterns).decode("utf-8", "surrogateescape")
        # <commit>\t<name>, git-ls-remote(1).
        return {name: sha for sha, _, name in (line.partition("\t") for line in said.splitlines())}

    def _fetch(self, refs: tuple[str, ...]) -> None:
        # Nothing but objects: no name in this repository changes.
        quiet = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=")
        self._speak("fetch", *quiet, "--", self._remote, *refs)

    def _read_facts(self, commit: str, head: str) -> str:
        """What a commit of ours was made from; empty for one of others, and for one on top of such."""
        raw = self._git.run("cat-file", "commit", commit).decode("utf-8", "replace")
        headers, _, message = raw.partition("\n\n")
        named = [line.partition(" ")[::2] for line in headers.splitlines()]
        tree = next((value for key, value in named if key == "tree"), "")
        parents = [value for key, value in named if key == "parent"]
        told = _TOLD.search(message)
        if told is None or told[2] != tree or len(parents) != 1:
            return ""
        # Below a commit of ours there is main, or there was.
        done = self._git.start(("merge-base", "--is-ancestor", parents[0], head))
        return told[1] if done.returncode == 0 else ""

    def _speak(self, *arguments: str) -> bytes:
        return speak(self._git, self._remote, *arguments)
