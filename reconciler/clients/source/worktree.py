"""The caller's own work tree: what is uncommitted in it, and commits on a branch that leave it as it is.

Everything else here reads repositories of others, with settings of our own. A commit is the caller's: their
name, their signature, their repository. So these few calls run git as the caller would, only without hooks.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from os import environ
from pathlib import Path

from reconciler.clients.source.failures import clean
from reconciler.clients.source.interface import SourceRefused, SourceUnreachable

_SECONDS = 60
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
        self._directory = directory.absolute()

    def is_git(self) -> bool:
        """Whether the folder belongs to a git work tree.

        Raises SourceRefused where git is missing, or does not trust the folder.
        """
        done = self._start(("rev-parse", "--is-inside-work-tree"), b"")
        if done.returncode == _FATAL and b"not a git repository" in done.stderr:
            return False
        return self._finish(("rev-parse",), done, (0,)).strip() == b"true"

    def look(self, paths: tuple[str, ...]) -> WorktreeState:
        """What is uncommitted among these paths, and whether git waits for the end of something."""
        output = self._run(
            *("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--"),
            *(f":(literal){path}" for path in paths),
        )
        # <two letters> <path from the root>, git-status(1).
        prefix = self._prefix()
        found = (entry[3:].decode("utf-8", "surrogateescape") for entry in output.split(b"\0") if entry)
        folder = Path(self._text("rev-parse", "--absolute-git-dir"))
        under_way = next((word for name, word in _UNDER_WAY.items() if (folder / name).exists()), "")
        return WorktreeState(
            changed=tuple(sorted(path.removeprefix(prefix) for path in found)), under_way=under_way
        )

    def read_remote(self, name: str) -> str:
        """Where a remote is pushed to. Raises SourceRefused where there is none of this name."""
        arguments = ("remote", "get-url", "--push", "--", name)
        done = self._start(arguments, b"")
        if done.returncode != 0:
            raise SourceRefused(
                f"{self._directory}: there is no remote {clean(name)}, so no forge to ask. "
                f"Add it: git remote add {clean(name)} ADDRESS"
            )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def commit(self, branch: str, files: Mapping[str, bytes], message: str) -> str:
        """Commit files on a new branch that starts at HEAD; the commit's full name.

        Neither the work tree nor its index nor the branch that is checked out changes. Raises SourceRefused
        where the branch exists, or git does not know who commits.
        """
        self._text("check-ref-format", "--branch", branch)
        ref = f"refs/heads/{branch}"
        if self._run("for-each-ref", "--count=1", ref):
            raise SourceRefused(
                f"{clean(branch)}: there is such a branch already. Name another with --branch, or remove it: "
                f"git branch -D {clean(branch)}"
            )
        head = self._text("rev-parse", "--verify", "HEAD^{commit}")
        tree = self._text("rev-parse", "--verify", "HEAD^{tree}")
        prefix = self._prefix()
        for path, content in sorted(files.items()):
            # By its path, so that line ends are stored as the repository stores them.
            blob = self._text("hash-object", "-w", "--stdin", f"--path={path}", data=content)
            tree = self._put(tree, f"{prefix}{path}".split("/"), blob)
        sign = ("-S",) if self._is_signing() else ()
        made = self._text("commit-tree", *sign, tree, "-p", head, "-F", "-", data=message.encode("utf-8"))
        self._run("update-ref", "-m", "modelsync", ref, made, "")
        return made

    def _put(self, tree: str, steps: list[str], blob: str) -> str:
        """The name of a tree like `tree` (empty: none yet) with a file at the path that `steps` are."""
        first, *rest = steps
        entries: dict[bytes, bytes] = {}
        for entry in self._run("ls-tree", "-z", "--full-tree", tree).split(b"\0") if tree else ():
            # <mode> <type> <name>\t<file>, git-ls-tree(1).
            if entry:
                entries[entry.partition(b"\t")[2]] = entry
        name = first.encode("utf-8", "surrogateescape")
        there = entries.get(name, b"").partition(b"\t")[0].decode("ascii").split()
        if rest:
            below = self._put(there[2] if there[1:2] == ["tree"] else "", rest, blob)
            entries[name] = f"040000 tree {below}\t".encode("ascii") + name
        else:
            mode = there[0] if there[1:2] == ["blob"] else "100644"
            entries[name] = f"{mode} blob {blob}\t".encode("ascii") + name
        return self._text("mktree", "-z", data=b"".join(entry + b"\0" for entry in entries.values()))

    def _is_signing(self) -> bool:
        answer = self._run("config", "--type=bool", "--get", "commit.gpgSign", codes=(0, 1))
        return answer.strip() == b"true"

    def _prefix(self) -> str:
        output = self._run("rev-parse", "--show-prefix")
        return output.decode("utf-8", "surrogateescape").removesuffix("\n")

    def _text(self, *arguments: str, data: bytes = b"") -> str:
        return self._run(*arguments, data=data).decode("utf-8", "surrogateescape").strip()

    def _run(self, *arguments: str, data: bytes = b"", codes: tuple[int, ...] = (0,)) -> bytes:
        return self._finish(arguments, self._start(arguments, data), codes)

    def _start(self, arguments: tuple[str, ...], data: bytes) -> subprocess.CompletedProcess[bytes]:
        words = (
            "git",
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.quotePath=false",
        )
        try:
            return subprocess.run(
                (*words, "-C", str(self._directory), *arguments),
                input=data,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
                env={**environ, "LC_ALL": "C", "LANGUAGE": "C", "GIT_TERMINAL_PROMPT": "0"},
            )
        except FileNotFoundError as error:
            raise SourceRefused(
                "git is not installed, or not on PATH; it tells what is uncommitted."
            ) from error
        except subprocess.TimeoutExpired as error:
            raise SourceUnreachable(
                f"{self._directory}: git {arguments[0]} did not end within {_SECONDS} s. Nothing was changed."
            ) from error

    def _finish(
        self, arguments: tuple[str, ...], done: subprocess.CompletedProcess[bytes], codes: tuple[int, ...]
    ) -> bytes:
        if done.returncode not in codes:
            said = clean(done.stderr.decode("utf-8", "replace")).strip()
            raise SourceRefused(f"{self._directory}: git {arguments[0]} failed: {said}")
        return done.stdout
