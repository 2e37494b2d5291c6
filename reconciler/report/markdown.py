"""Plans as Markdown, for a pull request.

GitHub takes comments of up to 65,536 characters, so of a large plan each part is shown as far as it fits,
with a word on what is left out; refusals come before faults, and both before fields. What files or
clusters say stands in code blocks only: it can neither ping people nor format anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from reconciler.plan.wording import name_change, name_variant
from reconciler.report.comment_parts import fence, fold, show_code, show_text, take
from reconciler.report.text import (
    list_told,
    show_edits,
    show_fault,
    show_fields,
    show_refusal,
    summarise_plan,
)
from reconciler.state.plans import Change, Op, Plan

_TABLE_LIMIT = 20_000
_OBJECTIONS_LIMIT = 25_000
_LIMIT = 60_000
_WORDS = {
    Op.CREATE: "new",
    Op.UPDATE: "changed",
    Op.DELETE: "deleted",
    Op.SKIP: "left alone",
}


def show_plans(plans: Sequence[Plan]) -> str:
    """A table of models and shares for all targets, refusals and faults, then the changed fields folded."""
    told = [plan for plan in plans if plan.changes or plan.refusals or plan.faults]
    if not told:
        return "No environment changes.\n"
    table = _show_table([row for plan in told for change in list_told(plan) for row in _rows(plan, change)])
    objections = _show_objections([part for plan in told for part in _objections(plan)])
    counts = "".join(f"- {show_text(summarise_plan(plan))}\n" for plan in told)
    details = [_show_details(plan, change) for plan in told for change in list_told(plan)]
    room = _LIMIT - len(table) - len(objections) - len(counts)
    shown, left = take([part for part in details if part], room)
    rest = (
        f"The fields of {left} more changes are left out; run modelsync plan to see them.\n\n" if left else ""
    )
    return table + objections + "".join(shown) + rest + counts


def _show_table(rows: Sequence[str]) -> str:
    if not rows:
        return ""
    shown, left = take(rows, _TABLE_LIMIT)
    rest = f"| … {left} more rows | | | | |\n" if left else ""
    head = "| deployment | | variant | share now | share then |\n|---|---|---|---:|---:|\n"
    return f"{head}{''.join(shown)}{rest}\n"


def _rows(plan: Plan, change: Change) -> Iterator[str]:
    start = f"| {show_code(name_change(plan.target.environment, change))} | {_WORDS[change.op]} |"
    if not change.variants:
        yield f"{start} | | |\n"
    for variant in change.variants:
        name = _escape(name_variant(variant))
        yield f"{start} {name} | {_share(variant.old)} | {_share(variant.new)} |\n"


def _share(percent: int | None) -> str:
    return "–" if percent is None else f"{percent} %"


def _show_objections(parts: Sequence[str]) -> str:
    shown, left = take(parts, _OBJECTIONS_LIMIT)
    rest = (
        f"{left} more refusals and faults are left out; run modelsync plan to see them.\n\n" if left else ""
    )
    return "".join(shown) + rest


def _objections(plan: Plan) -> Iterator[str]:
    for refusal in plan.refusals:
        yield _fence("text", show_refusal(refusal))
    for fault in plan.faults:
        name = show_text(f"{plan.target.environment}/{fault.deployment}")
        told = _fence("text", show_fault(fault))
        yield f"**{name}** is faulty and is left as it was last applied:\n\n{told}"
    if plan.notes:
        yield _fence("text", plan.notes)


def _show_details(plan: Plan, change: Change) -> str:
    parts = []
    if change.reason or change.edits:
        parts.append(_fence("text", [change.reason, *(line.strip() for line in show_edits(change.edits))]))
    if change.fields:
        # GitHub colours a line by its first character.
        lines = [line.strip() for line in show_fields(change.fields)]
        parts.append(_fence("diff", [f"!{line[1:]}" if line.startswith("~") else line for line in lines]))
    return fold(f"{plan.target.environment}: {change.key}", "".join(parts)) if parts else ""


def _fence(language: str, lines: Iterable[str]) -> str:
    """A code block of lines that may be several."""
    return fence(language, [part for line in lines for part in line.split("\n")])


def _escape(text: str) -> str:
    """A predictor's name made by hand can hold anything; ours hold nothing that Markdown reads."""
    return re.sub(r"[^\w .()-]", "?", text)
