"""Loads and checks declarations: those of a commit, or those of a work tree. The same code reads both."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from reconciler.clients.source.interface import Tree
from reconciler.load.documents import Loaded, load
from reconciler.load.worktree import Worktree, read_worktree
from reconciler.settings import SettingsError
from reconciler.state.history import History
from reconciler.state.repository import Repository
from reconciler.validate.checks import Check, check


def load_tree(tree: Tree, *, like: Loaded | None = None) -> Loaded:
    """Read what a commit holds; what is the same in `like` is not read again."""
    return load(tree.files, links=tree.links, submodules=tree.submodules, like=like)


def load_worktree(worktree: Worktree) -> Loaded:
    """Read the declarations of a work tree."""
    return load(worktree.files, links=worktree.links, unreadable=worktree.unreadable)


def check_tree(
    tree: Tree,
    *,
    base: Repository | None = None,
    now: datetime | None = None,
    history: History | None = None,
) -> Check:
    """Check what a commit holds."""
    return check(load_tree(tree), base=base, now=now, history=history)


def check_worktree(directory: Path, *, base: Repository | None = None, now: datetime | None = None) -> Check:
    """Check what lies in a work tree. Raises SettingsError where there is nothing to check."""
    return check_files(find_files(directory), base=base, now=now)


def find_files(directory: Path) -> Worktree:
    """The declarations of a work tree.

    Raises SettingsError where there are none: that is a wrong folder, not a clean one.
    """
    worktree = read_worktree(directory)
    if not (worktree.files or worktree.links or worktree.unreadable):
        raise SettingsError(
            f"{directory.resolve().name}/ holds neither models/ nor environments/; run this in a GitOps "
            "repository, or name one with -C. A fresh one is laid out by modelsync init."
        )
    return worktree


def check_files(
    worktree: Worktree,
    *,
    base: Repository | None = None,
    now: datetime | None = None,
    history: History | None = None,
) -> Check:
    """Check the declarations of a work tree that were read before."""
    loaded = load_worktree(worktree)
    return check(loaded, base=base, now=now, history=history, codeowners=worktree.codeowners)
