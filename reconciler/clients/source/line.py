"""Reads commits and first-parent lines: what the main branch was at each merge, and what messages end with.

Plumbing only (git-rev-list(1), git-diff-tree(1)): what people configure for `git log` does not reach it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.clients.source.failures import clean
from reconciler.clients.source.git import Git
from reconciler.clients.source.interface import Commit, FileChange, LineCommit, MainLine
from reconciler.clients.source.moments import read_moment
from reconciler.clients.source.objects import ObjectReader

_FORMAT = "--format=%ct%x00%an%x00%ae%x00%s"


def read_line(
    git: Git, directory: Path, prefix: str, objects: ObjectReader, head: str, folders: tuple[str, ...]
) -> MainLine:
    """The line of `head`; paths are relative to `prefix`, a folder of the repository (empty: its root)."""
    answer = git.run("rev-list", "--first-parent", "--parents", _FORMAT, head, directory=directory)
    # Each commit is two lines: "commit <name> <parents>", then what the format asked for.
    lines = answer.output.decode("utf-8", "replace").split("\n")
    families = [line.split(" ")[1:] for line in lines[:-1:2]]
    facts = lines[1::2]
    changes = _read_changes(git, directory, prefix, families, folders)
    commits = (
        LineCommit(commit=_make_commit(sha, said), merge=len(parents) > 1, changes=changes[sha])
        for (sha, *parents), said in zip(families, facts, strict=True)
        if sha in changes
    )
    return MainLine(
        head=head,
        complete=_is_root(objects, families[-1][0]),
        commits=tuple(commits)[::-1],
    )


def read_commit(git: Git, directory: Path, sha: str) -> Commit:
    """The facts of one commit."""
    answer = git.run("rev-list", "--no-walk", "--max-count=1", _FORMAT, sha, directory=directory)
    return _make_commit(sha, answer.output.decode("utf-8", "replace").partition("\n")[2])


def read_trailers(
    git: Git, directory: Path, commits: tuple[str, ...], keys: tuple[str, ...]
) -> Mapping[str, tuple[str, ...]]:
    """The trailers (git-interpret-trailers(1)) of these keys by commit, in their order."""
    if not commits:
        return {}
    wanted = ",".join(f"key={key}" for key in keys)
    answer = git.run(
        *("rev-list", "--no-walk=unsorted", "--stdin"),
        f"--format=%x00%(trailers:{wanted},unfold,separator=%x00)",
        directory=directory,
        data="".join(f"{commit}\n" for commit in commits).encode(),
    )
    # As in a line: two lines each.
    lines = answer.output.decode("utf-8", "replace").split("\n")
    found = {
        commit.removeprefix("commit "): tuple(clean(trailer) for trailer in said.split("\0") if trailer)
        for commit, said in zip(lines[:-1:2], lines[1::2], strict=True)
    }
    return {commit: trailers for commit, trailers in found.items() if trailers}


def _read_changes(
    git: Git, directory: Path, prefix: str, families: list[list[str]], folders: tuple[str, ...]
) -> Mapping[str, tuple[FileChange, ...]]:
    """What each commit changed against its first parent, for those that changed anything."""
    answer = git.run(
        *("diff-tree", "--stdin", "-r", "-z", "--root", "--raw", "--no-abbrev", "--no-renames"),
        *("--no-ext-diff", "--no-textconv", "--"),
        *(f":(top,literal){prefix}{folder}" for folder in folders),
        directory=directory,
        data="".join(f"{' '.join(family[:2])}\n" for family in families).encode(),
    )
    parts = answer.output.decode("utf-8", "surrogateescape").split("\0")
    found: dict[str, list[FileChange]] = {}
    sha = ""
    at = 0
    while at < len(parts) - 1:
        if not parts[at].startswith(":"):
            sha = parts[at]
            at += 1
            continue
        # :<old mode> <new mode> <old name> <new name> <status>, then the path.
        _, mode, _, name, _ = parts[at].split(" ")
        path = parts[at + 1].removeprefix(prefix)
        found.setdefault(sha, []).append(FileChange(path=path, name=name if mode.startswith("100") else ""))
        at += 2
    return {sha: tuple(changes) for sha, changes in found.items()}


def _make_commit(sha: str, said: str) -> Commit:
    seconds, author, email, subject = said.split("\0", 3)
    return Commit(
        sha=sha,
        author=clean(author),
        email=clean(email),
        committed=read_moment(seconds),
        subject=clean(subject),
    )


def _is_root(objects: ObjectReader, sha: str) -> bool:
    """Whether a commit has no parent. In a clone that is cut short git hides them; the object tells."""
    return b"\nparent " not in objects.read_commit(sha).partition(b"\n\n")[0]
