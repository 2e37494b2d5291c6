"""An edit of declarations, from the request to what it means: findings that are new, and the plan.

Nothing is written here. The work tree as it is stands for the state before, so that uncommitted work of
others is told apart from what the edit does.
"""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reconciler.edit.shares import RequestRefused
from reconciler.load.documents import load
from reconciler.load.worktree import Worktree, read_worktree
from reconciler.pipeline.edits.next_environments import tell_next
from reconciler.pipeline.review.offline import Planned, plan_offline
from reconciler.pipeline.selection import describe_missing, split_name
from reconciler.policy.context import Context
from reconciler.policy.engine import Need
from reconciler.policy.policies import POLICIES
from reconciler.policy.wording import join_words, suggest_name
from reconciler.settings import SettingsError
from reconciler.state.declarations import Deployment
from reconciler.state.findings import Finding, Grade, Undecided
from reconciler.state.history import History
from reconciler.state.repository import Entry, EnvironmentEntry, Repository
from reconciler.validate.checks import Check, check

_LONGEST = 100  # characters of a branch's name that name objects; each ref is a file's name
_OF_HISTORY = frozenset(policy.id for policy in POLICIES if Need.HISTORY in policy.needs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a command wants: the new content of files, and how it is told.

    `files` are by path; `title` is the first line of a commit's message, `details` its further lines (facts
    that speak for it); `notes` are for whoever runs the command. `branch` is the name for one that is made;
    `companions` are files that belong into the same commit, where they are not committed yet.
    """

    title: str
    files: Mapping[str, bytes]
    environments: tuple[str, ...]
    branch: str
    companions: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """The message of its commit."""
        return "\n".join((self.title, *(("", *self.details) if self.details else ()))) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A change, the findings that it brings, and its plan; `diff` shows the files' changed lines.

    `following` says when what it brings may go on to the environments that come next.
    """

    change: Change
    findings: tuple[Finding, ...]
    planned: Planned
    diff: str
    following: tuple[str, ...] = ()

    @property
    def is_broken(self) -> bool:
        """Whether it breaks a rule that nothing can waive."""
        return any(finding.grade is Grade.HARD for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The declarations of a work tree, before any edit. `now` is the time of the run."""

    worktree: Worktree
    before: Check
    now: datetime

    @property
    def repository(self) -> Repository:
        return self.before.repository

    def read(self, path: str) -> bytes | None:
        """A file's content; None where there is none. Raises SettingsError for one that is no plain file."""
        if path in self.worktree.links:
            raise SettingsError(
                f"{path} is a symbolic link to {self.worktree.links[path]}; an edit would change another "
                "file than the one it names. Edit that one by hand."
            )
        if path in self.worktree.unreadable:
            raise SettingsError(f"{path} cannot be read: {self.worktree.unreadable[path]}.")
        return self.worktree.files.get(path)

    def find_environment(self, name: str) -> EnvironmentEntry:
        """An environment by its name. Raises SettingsError where there is none."""
        entry = self.repository.environments.get(name)
        if entry is None:
            raise SettingsError(describe_missing(self.repository, name))
        return entry

    def find_deployment(self, name: str) -> tuple[EnvironmentEntry, str, Entry[Deployment]]:
        """A deployment by `ENV/DEPLOYMENT`: its environment, its own name, and its declaration.

        Raises SettingsError where there is none, RequestRefused where its file is faulty.
        """
        environment, deployment = split_name(name)
        entry = self.find_environment(environment)
        found = entry.deployments.get(deployment)
        if found is not None:
            return entry, deployment, found
        path = name_file(environment, deployment)
        if deployment in entry.faulty_deployments:
            faults = [item for item in self.before.findings if item.location.file == path]
            told = "".join(f"\n  {item.location}: {item.rule}: {item.message}" for item in faults)
            raise RequestRefused(
                f"{name}: its file is faulty; correct that first (modelsync validate).{told}"
            )
        known = sorted(entry.deployments)
        raise SettingsError(
            f"there is no deployment {name}; {environment} has {', '.join(known) or 'none'}."
            f"{suggest_name(deployment, known)} A new one begins with its file, {path}."
        )


def name_branch(edit: str, objects: Iterable[str], *more: str) -> str:
    """The branch of an edit of these environments and deployments (ENV/DEPLOYMENT).

    Names hold neither dots nor underscores, so that edits of other objects are on other branches.
    """
    places = "_".join(sorted(objects)).replace("/", ".")
    if len(places) > _LONGEST:
        places = hashlib.sha256(places.encode()).hexdigest()[:12]
    return "-".join((f"modelsync/{edit}", places, *more))


def name_file(environment: str, deployment: str) -> str:
    """The file of a deployment."""
    return f"environments/{environment}/deployments/{deployment}.yaml"


def open_workspace(directory: Path, now: datetime) -> Workspace:
    """Read and check a work tree. Raises SettingsError where there is nothing to edit."""
    worktree = read_worktree(directory)
    if not worktree.files:
        raise SettingsError(
            f"{directory.resolve().name}/ holds neither models/ nor environments/; run this in a GitOps "
            "repository, or name one with -C."
        )
    return Workspace(worktree=worktree, before=check_tree(worktree, None, now, None), now=now)


def judge(workspace: Workspace, change: Change, history: History | None = None) -> Judged:
    """Check and plan the declarations as the change makes them, against what they are.

    Without `history` rules about what was served are not decided.
    """
    after = replace(workspace.worktree, files={**workspace.worktree.files, **change.files})
    checked = check_tree(after, workspace.repository, workspace.now, history)
    planned = plan_offline(
        workspace.before,
        checked,
        change.environments,
        cluster="",
        revision="the work tree with this edit",
        now=workspace.now,
    )
    context = Context(
        repository=checked.repository, base=workspace.repository, now=workspace.now, history=history
    )
    return Judged(
        change=change,
        findings=list_new(workspace.before.findings, checked.findings),
        planned=replace(planned, notes=(*planned.notes, *_tell_undecided(checked.undecided, history))),
        diff=compare_files(workspace.worktree.files, change.files),
        following=tuple(tell_next(context)),
    )


def _tell_undecided(undecided: Iterable[Undecided], history: History | None) -> Iterator[str]:
    """A line for each reason why something was not judged: it must not be taken for a pass."""
    rules: dict[str, list[str]] = {}
    for item in undecided:
        without = history is None and item.rule in _OF_HISTORY
        reason = "no commit says what served here" if without else item.reason
        rules.setdefault(reason, []).append(item.rule)
    for reason, names in rules.items():
        yield f"not decided: {join_words(names)} ({reason})"


def check_tree(worktree: Worktree, base: Repository | None, now: datetime, history: History | None) -> Check:
    """Check the declarations of a work tree, and what they change of `base`."""
    loaded = load(worktree.files, links=worktree.links, unreadable=worktree.unreadable)
    return check(loaded, base=base, now=now, history=history)


def list_new(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings that were not there, wherever in its file each of them stands."""
    known = Counter((finding.rule, finding.location.file, finding.message) for finding in before)
    new = []
    for finding in after:
        identity = (finding.rule, finding.location.file, finding.message)
        if known[identity]:
            known[identity] -= 1
        else:
            new.append(finding)
    return tuple(new)


def compare_files(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """The changed lines of `after`'s files, as `diff -u` shows them."""
    lines: list[str] = []
    for path, content in sorted(after.items()):
        old = before.get(path)
        lines += difflib.unified_diff(
            _split(old or b""),
            _split(content),
            f"a/{path}" if old is not None else "/dev/null",
            f"b/{path}",
            lineterm="",
        )
    return "\n".join(lines)


def _split(content: bytes) -> list[str]:
    if not content:
        return []
    # Only these are line ends in a declaration; a carriage return before one is not shown.
    return [line.removesuffix("\r") for line in content.decode("utf-8").removesuffix("\n").split("\n")]
