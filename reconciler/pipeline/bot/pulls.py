"""A deployment's one pull request of the registry bot: opened, replaced, closed, or left as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from reconciler.clients.forge.interface import Forge, NewPullRequest, PullRequest
from reconciler.clients.forge.sticky import keep_comment
from reconciler.clients.source.bot_branches import BotBranch, BotBranches
from reconciler.clients.source.interface import Source
from reconciler.pipeline.edits.edit import Change, Judged, Workspace, judge
from reconciler.pipeline.edits.proposals import propose
from reconciler.pipeline.history.base import find_models
from reconciler.pipeline.history.reading import read_history
from reconciler.plan.following import Branch, Standing, Step, decide_step
from reconciler.state.bot import BotResult, Word
from reconciler.state.history import History
from reconciler.state.outcomes import Outcome

PREFIX = "modelsync/bot/"
"""Branches of the bot; a deployment's is this and its id, so that no two share one."""

_MARKER = "<!-- modelsync:bot"
_CLOSED = f"{_MARKER} closed -->"
_TOLD = re.compile(rf"{_MARKER} ([0-9a-f]{{64}}) -->")
_NOTE = (
    "Closing this refuses it, until there is something else to propose. Commits of others on its branch are "
    "kept: the bot leaves it alone then."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is wanted for a deployment: a proposal that `make` makes from `facts`, or none (both None).

    `reason` says why; `word` is what is told where no pull request was there, either.
    """

    reason: str
    facts: str | None = None
    make: Callable[[], Change] | None = None
    word: Word = Word.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class PullTools:
    """Where pull requests are. `target` is the branch that they go into, which HEAD is.

    `write_body` is the text of a pull request for a change, `write_closing` that of a comment with a reason.
    """

    target: str
    forge: Forge
    branches: BotBranches
    source: Source
    write_body: Callable[[Judged], str]
    write_closing: Callable[[str], str]


class Pulls:
    """The bot's pull requests of one run. With `dry_run` nothing is written."""

    def __init__(self, workspace: Workspace, tools: PullTools, *, dry_run: bool) -> None:
        """Read what is there. Raises SourceError, also where HEAD is not the target, and ForgeError."""
        self._workspace = workspace
        self._tools = tools
        self._dry_run = dry_run
        self._branches: Mapping[str, BotBranch] = tools.branches.look(tools.target)
        own = tools.forge.repository.casefold()
        self._open = {
            pull.source: pull
            for pull in tools.forge.list_open()
            # A fork may call a branch as it likes.
            if pull.target == tools.target and pull.source_repository.casefold() == own
        }
        self._asked: frozenset[str] | None = None

    @property
    def source(self) -> Source:
        """The work tree's own repository."""
        return self._tools.source

    def find(self, deployment: str) -> Standing:
        """What is there for a deployment (by its id). Raises SourceError."""
        branch, pull = self._branches.get(f"{PREFIX}{deployment}"), self._find_open(deployment)
        told = None
        if pull is not None:
            match = _TOLD.search(pull.body)
            told = match.group(1) if match else ""
        was_asked = False
        if branch is not None and pull is None:
            if self._asked is None:
                self._asked = self._tools.branches.list_asked()
            was_asked = branch.head in self._asked
        return Standing(
            branch=Branch(head=branch.head, facts=branch.facts) if branch is not None else None,
            told=told,
            was_asked=was_asked,
        )

    def list_open(self) -> tuple[str, ...]:
        """The deployments (by id) with an open pull request, in order."""
        return tuple(sorted(name.removeprefix(PREFIX) for name in self._open.keys() & self._branches.keys()))

    def settle(self, deployment: str, intent: Intent) -> BotResult:
        """Have what is wanted. Raises the errors of `make`, SourceError and ForgeError."""
        branch, pull = f"{PREFIX}{deployment}", self._find_open(deployment)
        standing = self.find(deployment)
        address = pull.address if pull is not None else ""
        result = BotResult(id=deployment, word=intent.word, text=intent.reason, address=address)
        step = decide_step(intent.facts, standing)
        if step is Step.KEEP:
            return replace(result, word=Word.OPEN)
        if step is Step.FOREIGN:
            said = f"{intent.reason}; {branch} holds commits of others, so it is left to them"
            return replace(result, word=Word.LEFT, text=said)
        if step is Step.DECLINED:
            way = f"git push {self._tools.branches.remote} --delete {branch}"
            said = f"{intent.reason}; somebody closed its pull request. To be asked again: {way}"
            return replace(result, word=Word.DECLINED, text=said)
        if step is Step.CLOSE and pull is not None:
            self._close(pull, branch, intent.reason)
            return replace(result, word=Word.CLOSED)
        if intent.make is None or intent.facts is None:
            return result
        return self._propose(standing, intent.facts, intent.make(), result)

    def _find_open(self, deployment: str) -> PullRequest | None:
        return self._open.get(f"{PREFIX}{deployment}")

    def _close(self, pull: PullRequest, branch: str, reason: str) -> None:
        if self._dry_run:
            return
        body = f"{_CLOSED}\n{self._tools.write_closing(reason)}"
        keep_comment(self._tools.forge, pull.number, _CLOSED, body)
        self._tools.forge.close_pull_request(pull.number)
        # Without its branch the same is proposed again, should there be reason to.
        if (seen := self._branches.get(branch)) is not None:
            self._tools.branches.remove(branch, seen.head)

    def _propose(self, standing: Standing, facts: str, change: Change, result: BotResult) -> BotResult:
        branch = f"{PREFIX}{result.id}"
        notes = (*change.notes, f"Proposed by modelsync bot: {result.text}.", _NOTE)
        change = replace(change, branch=branch, notes=notes)
        judged = judge(self._workspace, change, self._read_history(change))
        title = change.title.removeprefix(f"{result.id}: ")
        if judged.is_broken:
            said = f"{title} ({result.text}): not proposed, since no waiver lifts what the rules say of it"
            return replace(
                result, word=Word.FAULTY, text=said, outcome=Outcome.FINDINGS, findings=judged.findings
            )
        word = Word.OPENED if standing.told is None else Word.UPDATED
        result = replace(result, word=word, text=f"{title} ({result.text})", findings=judged.findings)
        if self._dry_run:
            return result
        there = standing.branch
        if there is None or there.facts != facts:
            made = self._tools.branches.commit(change.files, change.message, facts)
            self._tools.branches.push(branch, made, there.head if there is not None else "")
        body = f"{_MARKER} {facts} -->\n\n{self._tools.write_body(judged)}"
        new = NewPullRequest(title=change.title, body=body, source=branch, target=self._tools.target)
        return replace(result, address=propose(self._tools.forge, new).pull.address)

    def _read_history(self, change: Change) -> History:
        before, source = self._workspace.worktree.files, self._tools.source
        models = find_models(before, {**before, **change.files})
        return read_history(source, source.resolve("HEAD").sha, self._workspace.now, models=models)
