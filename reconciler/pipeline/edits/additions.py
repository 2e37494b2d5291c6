"""New files of a repository, before anything is written: what the rules say of them, and how they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.load.worktree import Worktree
from reconciler.pipeline.edits.edit import check_tree, compare_files, list_new
from reconciler.settings import SettingsError
from reconciler.state.findings import Finding, Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """New files by path, the findings that they bring, and their lines. `files` is empty if all are there."""

    files: Mapping[str, bytes]
    findings: tuple[Finding, ...] = ()
    diff: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether a rule is broken that nothing can waive."""
        return any(finding.grade is Grade.HARD for finding in self.findings)


def judge_addition(worktree: Worktree, files: Mapping[str, bytes], now: datetime) -> Addition:
    """Check a work tree with new files in it. Those that are there with the same content are left out.

    Raises SettingsError where one is there with another content: what is there is never changed.
    """
    taken = [path for path in files if _is_taken(worktree, path) and worktree.files.get(path) != files[path]]
    if taken:
        raise SettingsError(
            f"{', '.join(sorted(taken))} exists already and differs; nothing was written. "
            "Edit it, or choose another name."
        )
    missing = {path: content for path, content in files.items() if path not in worktree.files}
    if not missing:
        return Addition(files={})
    before = check_tree(worktree, None, now, None)
    after = replace(worktree, files={**worktree.files, **missing})
    checked = check_tree(after, before.repository, now, None)
    return Addition(
        files=missing,
        findings=list_new(before.findings, checked.findings),
        diff=compare_files(worktree.files, missing),
    )


def _is_taken(worktree: Worktree, path: str) -> bool:
    return path in worktree.files or path in worktree.links or path in worktree.unreadable
