"""The text of an edit's pull request: what it does, what speaks for it, what the rules say, and the plan.

Markdown in which no value of a file or a registry can format anything or ping anybody.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.report.comment_parts import fence, show_text, take
from reconciler.report.markdown import show_plans
from reconciler.report.text_edit import show_findings
from reconciler.state.findings import Finding
from reconciler.state.plans import Plan

_LIMIT = 60_000
"""Characters; GitHub takes 65,536 of them and counts some twice."""

_LINES_LIMIT = 15_000
"""Characters of the facts, and of the findings; what does not fit is said to be left out."""


def show_proposal(
    notes: Sequence[str], details: Sequence[str], findings: Sequence[Finding], plans: Sequence[Plan]
) -> str:
    """The body. `notes` say what is done, `details` are the facts that speak for it, one for each line."""
    said = show_findings(findings).splitlines() if findings else []
    head = "".join(
        (
            "".join(f"{show_text(note)}\n\n" for note in notes),
            _show_lines(details),
            f"**The rules say**\n\n{_show_lines(said)}" if said else "",
            "**The plan**, against the work tree that it was made in\n\n",
        )
    )
    plan = show_plans(plans)
    if len(head) + len(plan) > _LIMIT:
        plan = "The plan is too long to be shown here; modelsync plan shows it on the branch.\n"
    return head + plan


def _show_lines(lines: Sequence[str]) -> str:
    shown, left = take(lines, _LINES_LIMIT)
    rest = f"{left} more lines are left out.\n\n" if left else ""
    return fence("text", shown) + rest
