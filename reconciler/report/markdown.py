"""Plans as Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.report.text import show_fields, show_refusal, summarise_plan
from reconciler.plan.wording import name_variant
from reconciler.state.plans import Change, Op, Plan

_WORDS = {
    Op.CREATE: "new",
    Op.UPDATE: "changed",
    Op.DELETE: "deleted",
    Op.SKIP: "left alone",
    Op.KEEP: "kept",
}


def show_plans(plans: Sequence[Plan]) -> str:
    """A table of models and shares for all targets, refusals and faults, then the changed fields folded."""
    if not any(plan.changes or plan.refusals or plan.faults for plan in plans):
        return "No environment changes.\n"
    lines = [
        "| deployment | | variant | share now | share then |",
        "|---|---|---|---:|---:|",
        *(row for plan in plans for change in plan.changes for row in _rows(plan, change)),
        "",
    ]
    for plan in plans:
        lines += _objections(plan)
    for plan in plans:
        for change in plan.changes:
            lines += _fold(plan, change)
    lines += [f"- {summarise_plan(plan)}" for plan in plans if plan.changes or plan.refusals or plan.faults]
    return "\n".join(lines) + "\n"


def _rows(plan: Plan, change: Change) -> Iterator[str]:
    name = f"`{plan.target.environment}/{change.deployment}`"
    if not change.variants:
        yield f"| {name} | {_WORDS[change.op]} | | | |"
    for variant in change.variants:
        yield f"| {name} | {_WORDS[change.op]} | {name_variant(variant)} | {_share(variant.old)} | {_share(variant.new)} |"


def _share(percent: int | None) -> str:
    return "–" if percent is None else f"{percent} %"


def _objections(plan: Plan) -> Iterator[str]:
    for refusal in plan.refusals:
        yield from ("```text", *show_refusal(refusal), "```", "")
    for fault in plan.faults:
        yield f"**{plan.target.environment}/{fault.deployment}** is faulty and is left as it was last applied:"
        yield ""
        yield from (f"- `{finding.location}` {finding.rule}: {finding.message}" for finding in fault.findings)
        yield ""


def _fold(plan: Plan, change: Change) -> Iterator[str]:
    if not change.fields and not change.reason:
        return
    yield f"<details><summary>{plan.target.environment}: {change.key}</summary>"
    yield ""
    if change.reason:
        yield change.reason
        yield ""
    if change.fields:
        yield "```diff"
        # GitHub colours a line by its first character.
        yield from (line.strip().replace("~ ", "! ", 1) for line in show_fields(change.fields))
        yield "```"
        yield ""
    yield "</details>"
    yield ""
