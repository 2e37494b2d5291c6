"""A review as the one comment on a pull request: the verdict, the models, the risks, whose word is needed.

GitHub takes comments of up to 65,536 characters. What does not fit is left out with a sentence that says so:
manifests first, then findings and rows. What files and registries say stands where it can format nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from reconciler.plan.wording import choose, count, describe_shares, join_words, name_change
from reconciler.report.comment_diffs import show_diffs
from reconciler.report.comment_parts import fence, fold, show_code, show_text, take
from reconciler.report.comment_table import show_table
from reconciler.report.text import list_told, show_refusal
from reconciler.state.findings import Approval, Finding, Waived
from reconciler.state.objects import SELDON_DEPLOYMENT
from reconciler.state.plans import Op, Plan
from reconciler.state.reviews import Compared, Note, Review, Verdict

MARKER = "<!-- modelsync:plan"
"""How the comment is found again, so that there is one that is edited: its first line begins so."""

LIMIT = 60_000
"""Characters; GitHub counts some of them twice."""

_TABLE_ROOM = 18_000
_FINDINGS_ROOM = 10_000
_NOTES_ROOM = 5_000
_FEW = 3
_MANY_TARGETS = 20
_SHORT_DIGEST = 12
_HEX = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
VERDICTS = {Verdict.PASS: "✅ pass", Verdict.FAIL: "❌ fail", Verdict.UNVERIFIED: "❓ unverified"}
"""How the heading, which is the second line, begins."""


def show_comment(review: Review) -> str:
    """The whole comment as Markdown."""
    head = "".join(
        (
            _show_marker(review.compared),
            f"### {VERDICTS[review.verdict]}: {show_text(_summarise(review))}\n\n",
            _show_reasons(review.reasons),
            show_table(review.rows, _TABLE_ROOM),
            _show_when(review),
            _show_notes("Risks", review.risks),
            _show_approvals(review.approvals),
            _show_findings(review.findings),
            _show_refusals(review.plans),
            _show_waived(review.waived),
        )
    )
    tail = _show_compared(review)
    return f"{head}{show_diffs(review.plans, LIMIT - len(head) - len(tail))}{tail}"


def describe_pods(review: Review) -> str:
    """Whether Pods that serve are restarted: one sentence; empty where no model changes."""
    replaced = list(dict.fromkeys(row.object for row in review.rows if row.pods == "replaced"))
    fates = {row.pods for row in review.rows}
    if not review.rows:
        return ""
    if replaced:
        return f"Pods restart in {name_some(replaced)}."
    said = ["no Pod restarts"] if fates != {"stopped"} else []
    said += ["new ones start"] if "started" in fates else []
    said += ["Pods of removed versions stop"] if "stopped" in fates else []
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def _show_marker(compared: Compared) -> str:
    # Nothing but a commit's name may stand in an HTML comment, which it could end.
    head = compared.head if _HEX.match(compared.head) else "none"
    return f"{MARKER} head={head} -->\n"


def _summarise(review: Review) -> str:
    told = [(plan, change) for plan in review.plans for change in list_told(plan) if change.op is not Op.SKIP]
    models = [(plan, change) for plan, change in told if change.key.kind == SELDON_DEPLOYMENT]
    if not told:
        faulty = any(plan.faults for plan in review.plans)
        return "no change that could be rendered" if faulty else "no environment changes"
    if len(models) > _FEW:
        environments = {str(plan.target) for plan, _ in models}
        return f"{count(len(models), 'deployment')} in {count(len(environments), 'environment')} change"
    if not models:
        return f"{count(len(told), 'object')} beside the models"
    return "; ".join(
        f"{name_change(str(plan.target), change)} "
        + (
            describe_shares(change.variants)
            or ("is deleted" if change.op is Op.DELETE else "no share changes")
        )
        for plan, change in models
    )


def _show_reasons(reasons: Sequence[str]) -> str:
    return "".join(f"- {show_text(reason)}\n" for reason in reasons) + ("\n" if reasons else "")


def _show_when(review: Review) -> str:
    if not any(plan.writes for plan in review.plans):
        return ""
    said = "**When**: with the first sync after the merge, as soon as all Pods of a deployment are ready."
    pods = describe_pods(review)
    lines = [f"{said} {show_text(pods)}".rstrip()]
    notes = [f"- {show_text(text)}" for text in dict.fromkeys(note.text for note in review.timing)]
    return _limit([*lines, *notes])


def _show_notes(title: str, notes: Sequence[Note]) -> str:
    if not notes:
        return ""
    objects: dict[str, list[str]] = {}
    for note in notes:
        objects.setdefault(note.text, []).append(note.object)
    lines = [f"- {_show_names(names)}: {show_text(text)}" for text, names in objects.items()]
    return f"**{title}**\n\n{_limit(lines)}"


def group_approvals(approvals: Sequence[Approval]) -> Iterator[tuple[Approval, tuple[str, ...]]]:
    """One of the approvals that ask the same people for the same reason, and what all of them are for."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[Approval]] = {}
    for item in approvals:
        groups.setdefault((item.rule, item.reason, item.owners), []).append(item)
    for group in groups.values():
        yield group[0], tuple(item.subject for item in group)


def _show_approvals(approvals: Sequence[Approval]) -> str:
    if not approvals:
        return ""
    lines = []
    for item, names in group_approvals(approvals):
        why = f" ({show_text(item.rule)}): {show_text(item.reason)}" if item.rule else ""
        verb = choose(names, "needs", "need")
        lines.append(f"- {_show_names(names)} {verb} one of {_show_owners(item.owners)}{why}")
    return f"**Approvals**\n\n{_limit(lines)}"


def _show_findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    ordered = sorted(findings, key=lambda finding: not finding.is_error)
    shown, left = take(["\n".join(_describe(finding)) for finding in ordered], _FINDINGS_ROOM)
    errors = sum(1 for finding in findings if finding.is_error)
    rest = f"{count(left, 'more finding')} left out; modelsync validate shows all.\n\n" if left else ""
    body = fence("text", [line for part in shown for line in part.split("\n")]) + rest
    if errors:
        return f"**Findings**\n\n{body}"
    return fold(f"{count(len(findings), 'piece')} of advice", body)


def _describe(finding: Finding) -> Iterator[str]:
    yield f"{finding.location}: {finding.grade.word} {finding.rule}"
    yield from (f"  {line}" for line in finding.message.splitlines())
    yield from (f"  {line}" for line in finding.advice.splitlines())


def _show_refusals(plans: Iterable[Plan]) -> str:
    blocks = [fence("text", show_refusal(refusal)) for plan in plans for refusal in plan.refusals]
    shown, left = take(blocks, _FINDINGS_ROOM)
    rest = f"{count(left, 'more refusal')} left out; modelsync plan shows all.\n\n" if left else ""
    return "".join(shown) + rest


def _show_waived(waived: Sequence[Waived]) -> str:
    if not waived:
        return ""
    lines = [
        f"- {show_code(_name_waived(item))}: {show_text(item.finding.rule)} until "
        f"{_show_end(item.waiver.until)}, because {show_text(item.waiver.reason)}"
        for item in waived
    ]
    return f"**Waived**\n\n{_limit(lines)}"


def _show_owners(owners: Sequence[str]) -> str:
    return ", ".join(map(show_code, owners)) or "nobody known"


def _name_waived(item: Waived) -> str:
    return item.finding.subject or str(item.finding.location)


def _show_end(until: object) -> str:
    return until.date().isoformat() if isinstance(until, datetime) else show_text(str(until))


def _show_compared(review: Review) -> str:
    compared = review.compared
    head = show_code(compared.head) or "the work tree"
    moved = f" The main branch is at {show_code(compared.tip)}." if compared.tip else ""
    asked = "with what the cluster holds" if compared.live else "no cluster was asked"
    said = f"<sub>Compared: base {show_code(compared.base)}, head {head}; {asked}.{moved}</sub>\n"
    changed = [plan for plan in review.plans if plan.changes]
    short = len(changed) > _MANY_TARGETS
    lines = [
        f"{plan.target} {plan.digest.removeprefix('sha256:')[:_SHORT_DIGEST] if short else plan.digest}"
        for plan in changed
    ]
    if not lines:
        return said
    body = fence("text", lines)
    return f"{fold('Digests of the desired manifests, as sync will report them', body)}{said}"


def _show_names(names: Sequence[str]) -> str:
    shown = [show_code(name) for name in names[:_FEW]]
    more = len(names) - len(shown)
    return join_words([*shown, f"{more} more"] if more else shown)


def name_some(names: Sequence[str]) -> str:
    """The first few of them, and how many more there are."""
    shown = [*names[:_FEW], *([f"{len(names) - _FEW} more"] if len(names) > _FEW else [])]
    return join_words(shown)


def _limit(lines: Sequence[str]) -> str:
    shown, left = take([f"{line}\n" for line in lines], _NOTES_ROOM)
    rest = f"- {left} more {choose(range(left), 'is', 'are')} left out\n" if left else ""
    return f"{''.join(shown)}{rest}\n"
