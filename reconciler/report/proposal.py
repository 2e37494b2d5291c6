"""The text of an edit's pull request: what it does, what speaks for it, what the rules say, and the plan.

Markdown in which no value of a file or a registry can format anything or ping anybody.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.report.comment_parts import fence, show_text
from reconciler.report.markdown import show_plans
from reconciler.report.text_edit import show_findings
from reconciler.state.findings import Finding
from reconciler.state.plans import Plan

_LIMIT = 60_000
"""Characters; GitHub takes 65,536 of them and counts some twice."""


def show_proposal(
    notes: Sequence[str], details: Sequence[str], findings: Sequence[Finding], plans: Sequence[Plan]
) -> str:
    """The body. `notes` say what is done, `details` are the facts that speak for it, one for each line."""
    head = "".join(
        (
            "".join(f"{show_text(note)}\n\n" for note in notes),
            fence("text", details),
            f"**The rules say**\n\n{fence('text', show_findings(findings).splitlines())}" if findings else "",
        )
    )
    plan = show_plans(plans)
    if len(head) + len(plan) > _LIMIT:
        plan = "The plan is too long to be shown here; run modelsync plan on the branch to see it.\n"
    return f"{head[:_LIMIT]}**The plan**, against the branch as it was\n\n{plan}"
