"""Findings and plans in plain words for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.plan.wording import count, describe_shares, name_change
from reconciler.report.screen import clean_screen
from reconciler.state.findings import Approval, Waived
from reconciler.state.objects import SELDON_DEPLOYMENT
from reconciler.state.plans import Cause, Change, FieldChange, ForeignEdit, Op, Plan, Refusal
from reconciler.state.targets import Fault

if TYPE_CHECKING:
    # What a quiet run says is said without all that checks declarations.
    from reconciler.validate.checks import Check

_VALUE_LIMIT = 72


def show_check(check: Check) -> str:
    """All findings, sorted, then what is waived and whose approval is needed, with a closing count.

    One line if there is nothing of these.
    """
    blocks = [
        _show_block(
            f"{finding.location}: {finding.grade.word} {finding.rule}", finding.message, finding.advice
        )
        for finding in check.findings
    ]
    blocks += map(_show_waived, check.waived)
    blocks += map(_show_approval, check.approvals)
    return clean_screen("\n\n".join([*blocks, summarise_check(check)]))


def summarise_check(check: Check) -> str:
    """The closing line: what was found, in how much, and what could not be decided."""
    size = ", ".join(
        (
            count(check.environments, "environment"),
            count(check.deployments, "deployment"),
            count(check.records, "version record"),
        )
    )
    errors = sum(1 for finding in check.findings if finding.is_error)
    advice = len(check.findings) - errors
    # A rule that lacks several things says them one after the other.
    reasons = "; ".join(sorted({part for item in check.undecided for part in item.reason.split("; ")}))
    undecided = f"{count(len(check.undecided), 'policy', 'policies')} not decided ({reasons})"
    if not check.findings:
        tail = f", {len(check.undecided)} not decided ({reasons})" if check.undecided else ""
        waived = f", {len(check.waived)} waived" if check.waived else ""
        # What was asked for and could not be had is no pass: the command ends with 3.
        word = "undecided" if any(item.blocking for item in check.undecided) else "ok"
        return f"{word}: {size}{waived}; {count(check.policies, 'policy', 'policies')}{tail}."
    tail = f"; {undecided}" if check.undecided else ""
    said = [count(errors, "error")] if errors else []
    said += [f"{advice} advice"] if advice else []
    said += [f"{len(check.waived)} waived"] if check.waived else []
    return f"{', '.join(said)} in {size}{tail}."


def show_plans(plans: Sequence[Plan]) -> str:
    """Models and shares first, then the changed fields, then what stands in the way, then the counts."""
    blocks = [show_plan(plan) for plan in plans if plan.changes or plan.refusals or plan.faults]
    quiet = [str(plan.target) for plan in plans if not (plan.changes or plan.refusals or plan.faults)]
    if quiet:
        blocks.append(f"no changes in {', '.join(quiet)}.")
    return clean_screen("\n\n".join(blocks)) or "no environments."


def show_plan(plan: Plan) -> str:
    """One target's plan."""
    lines: list[str] = []
    for change in list_told(plan):
        lines += _show_change(plan, change)
    for fault in plan.faults:
        lines.append(f"{plan.target.environment}/{fault.deployment}: faulty, left as it was last applied")
        lines += [f"  {line}" for line in show_fault(fault)]
    for refusal in plan.refusals:
        lines += show_refusal(refusal)
    lines += [f"note: {note}" for note in plan.notes]
    lines.append(summarise_plan(plan))
    return "\n".join(lines)


def list_told(plan: Plan) -> tuple[Change, ...]:
    """The changes without those of faulty deployments, which are told as faults."""
    faulty = {fault.deployment for fault in plan.faults}
    return tuple(change for change in plan.changes if change.deployment not in faulty)


def summarise_plan(plan: Plan) -> str:
    """The closing line of a plan: counts by op, and the digest."""
    counts = [
        (plan.select(Op.CREATE), "to create"),
        (plan.select(Op.UPDATE), "to update"),
        (plan.select(Op.DELETE), "to delete"),
        (plan.select(Op.SKIP), "left alone"),
        (plan.unchanged, "unchanged"),
    ]
    said = ", ".join(f"{len(items)} {word}" for items, word in counts if items)
    return (
        f"{plan.target}: {said or describe_nothing(plan)}. Digest {plan.digest.removeprefix('sha256:')[:12]}."
    )


def describe_nothing(plan: Plan | None) -> str:
    """Why a plan without any object has none."""
    return "nothing that could be rendered" if plan is not None and plan.faults else "nothing declared"


def show_refusal(refusal: Refusal) -> list[str]:
    """A guard's no, and how to allow it."""
    first, *rest = refusal.message.splitlines()
    return [f"refused by {refusal.rule}: {first}", *rest, *refusal.advice.splitlines()]


def show_fault(fault: Fault) -> list[str]:
    """What is wrong with a deployment's declaration, one line for each finding."""
    return [
        f"{finding.location}: {finding.rule}: {finding.message.splitlines()[0]}" for finding in fault.findings
    ]


def show_edits(edits: Iterable[ForeignEdit]) -> list[str]:
    """Who holds which of our fields, one line for each manager."""
    lines = []
    for edit in edits:
        when = f" at {edit.time}" if edit.time else ""
        fields = ", ".join(edit.fields)
        lines.append(f'  {fields}   last written by "{edit.manager}"{when}, not by modelsync')
    return lines


def show_fields(fields: Iterable[FieldChange]) -> list[str]:
    """Changed fields, aligned."""
    items = list(fields)
    width = min(max((len(change.path) for change in items), default=0), 60)
    return [f"    {change.sign} {change.path:<{width}}   {_values(change)}".rstrip() for change in items]


def _show_change(plan: Plan, change: Change) -> list[str]:
    name = name_change(plan.target.environment, change)
    if change.op is Op.DELETE:
        why = "retired" if change.cause is Cause.RETIREMENT else "no longer declared"
        was = describe_shares(change.variants)
        stays = f"; {change.reason}" if change.orphan else ""
        return [f"{name}: {why}, will be deleted" + (f" ({was})" if was else "") + stays]
    if change.op is Op.SKIP:
        return [
            f"{name}: left alone: {change.reason}",
            *show_edits(change.edits),
            *show_fields(change.fields),
        ]
    extra = change.key.kind != SELDON_DEPLOYMENT
    said = "from extras/" if extra else describe_shares(change.variants) or "no share changes"
    lines = [f"{name}: {said}"]
    if change.cause is Cause.ADOPTION:
        lines.append("  taken over from its present owner, as adopt: true says")
    if change.cause is Cause.DRIFT:
        lines.append(
            "  drift: changed in the cluster, not in git"
            if change.live
            else "  drift: deleted in the cluster"
        )
    lines += show_edits(change.edits)
    if change.op is Op.CREATE:
        lines.append(f"  new: {change.key.kind.name}/{change.key.namespace}/{change.key.name}")
    elif change.fields:
        lines.append(f"  changes: {change.key.kind.name}/{change.key.namespace}/{change.key.name}")
        lines += show_fields(change.fields)
    return lines


def _values(change: FieldChange) -> str:
    if change.sign == "+":
        return _short(change.new)
    if change.sign == "-":
        return _short(change.old)
    return f"{_short(change.old)} → {_short(change.new)}"


def _short(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("graph"), dict):
        graph = value["graph"]
        return f"{graph.get('implementation', 'own server')}, {graph.get('modelUri', 'no model')}"
    text = (
        value
        if isinstance(value, str)
        else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    )
    # A line break in a value must not look like the next field.
    shown = text if text.isprintable() else json.dumps(text, ensure_ascii=False)
    return shown if len(shown) <= _VALUE_LIMIT else f"{shown[: _VALUE_LIMIT - 1]}…"


def _show_block(head: str, *texts: str) -> str:
    return "\n".join([head, *(line for text in texts for line in _indent(text))])


def _show_waived(item: Waived) -> str:
    finding = item.finding
    waiver = f'Waived until {item.waiver.until} by {item.location} ("{item.waiver.reason}").'
    return _show_block(f"{finding.location}: waived {finding.rule}", finding.message, waiver)


def _show_approval(item: Approval) -> str:
    owners = f"One of these must approve it: {', '.join(item.owners)}." if item.owners else ""
    return _show_block(f"{item.location}: approval needed, {item.rule}", item.reason, owners)


def _indent(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]
