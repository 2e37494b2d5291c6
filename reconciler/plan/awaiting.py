"""Whether a revision is served, failed, or still awaited, by what a target's record and its objects tell."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.plan.diff import diff_owned
from reconciler.plan.ownership import read_owned_fields
from reconciler.plan.wording import shorten_revision
from reconciler.state.inventory import ObjectResult, RunSummary, TargetRecord
from reconciler.state.objects import COMMIT_ANNOTATION, LiveObject, Manifest, ObjectKey
from reconciler.state.observations import Health, HealthWord
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What is waited for: `keys` are the deployment's objects as commit `sha` has them.

    `gone` tells that the commit has none, so that its end is waited for.
    """

    sha: str
    keys: tuple[ObjectKey, ...]
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen at one moment.

    `difference` says in what the objects are not as the commit has them; empty if they are. `late` tells that
    something is not ready within its deadline.
    """

    record: TargetRecord
    difference: str = ""
    health: tuple[Health, ...] = ()
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How it ended and why; `outcome` is None while there is something to wait for."""

    outcome: Outcome | None
    reason: str


def is_attempted(record: TargetRecord, sha: str) -> bool:
    """Whether the last run that decided anything was about this commit; objects tell nothing before it."""
    return not record.forged and find_sha(record.attempted) == sha


def find_sha(revision: str) -> str:
    """The commit of `main@sha1:…`; empty for none."""
    return revision.rpartition(":")[2]


def find_difference(manifest: Manifest, live: LiveObject | None, manager: str) -> str:
    """In what a live object is not as its manifest says; empty if it is. Another commit alone is nothing."""
    if live is None:
        return f"{manifest.key} is not in the cluster"
    changes = diff_owned(live.body, manifest.body, read_owned_fields(live, manager))
    paths = [it.path for it in changes if it.path != f"metadata.annotations[{COMMIT_ANNOTATION}]"]
    if not paths:
        return ""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{manifest.key} is not as declared: {paths[0]}{more}"


def judge_sight(awaited: Awaited, sight: Sight) -> Verdict:
    """What a look at a target says of a commit.

    Served is what is as the commit has it and Current. A run that was about this commit and failed, or was
    refused, decides only where the objects are not so: it may have been about others.
    """
    record = sight.record
    if not is_attempted(record, awaited.sha):
        return _judge_unseen(awaited, record)
    if not sight.difference:
        return _judge_health(awaited, sight)
    own = [result for result in record.results if result.key in awaited.keys]
    failed = next((result for result in own if result.action is Action.FAILED), None)
    if failed is not None:
        return Verdict(outcome=Outcome.FINDINGS, reason=f"{failed.key}: {failed.message}")
    last = _find_last(record, awaited.sha)
    if last is not None and last.outcome in (Outcome.REFUSED, Outcome.FINDINGS, Outcome.CONFIGURATION):
        refused = last.outcome == Outcome.REFUSED
        return Verdict(
            outcome=Outcome.REFUSED if refused else Outcome.FINDINGS, reason=_explain(own, last.summary)
        )
    return Verdict(outcome=None, reason=_explain(own, sight.difference))


def _judge_unseen(awaited: Awaited, record: TargetRecord) -> Verdict:
    """No run has decided anything about the commit; one may have ended before it could."""
    failure = record.failure
    if failure is not None and not failure.went_on:
        about = find_sha(failure.revision) == awaited.sha
        if about and failure.outcome == Outcome.REFUSED:
            return Verdict(outcome=Outcome.REFUSED, reason=failure.message)
        if about and failure.outcome in (Outcome.FINDINGS, Outcome.CONFIGURATION):
            return Verdict(outcome=Outcome.FINDINGS, reason=failure.message)
        return Verdict(outcome=None, reason=f"the last run ended early: {failure.message}")
    if record.forged:
        return Verdict(outcome=None, reason="the target's record is not as modelsync wrote it")
    if not record.attempted:
        return Verdict(outcome=None, reason="no run has synced this target yet")
    last = shorten_revision(record.attempted)
    return Verdict(outcome=None, reason=f"no run has taken it up yet; the last one was about {last}")


def _judge_health(awaited: Awaited, sight: Sight) -> Verdict:
    if awaited.gone:
        return Verdict(outcome=Outcome.DONE, reason="")
    open_ones = [item for item in sight.health if item.word is not HealthWord.CURRENT]
    if not open_ones:
        return Verdict(outcome=Outcome.DONE, reason="")
    failed = [item for item in open_ones if item.word is HealthWord.FAILED]
    shown = (failed or open_ones)[0]
    reason = f"{shown.key} is {shown.word.value}{f': {shown.reason}' if shown.reason else ''}"
    return Verdict(outcome=Outcome.UNHEALTHY if failed or sight.late else None, reason=reason)


def _find_last(record: TargetRecord, sha: str) -> RunSummary | None:
    """The newest run that wrote or failed, if it was about this commit."""
    last = record.history[-1] if record.history else None
    return last if last is not None and find_sha(last.revision) == sha else None


def _explain(own: list[ObjectResult], otherwise: str) -> str:
    """What a run said of the deployment's own objects, where it said anything."""
    said = next((result for result in own if result.message), None)
    return otherwise if said is None else f"{said.key} {said.message}"
