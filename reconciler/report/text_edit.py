"""An edit in plain words: what it does, the lines that change, what the rules say, and the plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.report.screen import clean_screen
from reconciler.report.text import show_plans
from reconciler.state.findings import Finding
from reconciler.state.plans import Plan


def show_edit(notes: Sequence[str], diff: str, findings: Sequence[Finding], plans: Sequence[Plan]) -> str:
    """Everything about an edit before it is made."""
    parts = ["\n".join(notes), diff]
    if findings:
        parts.append(show_findings(findings))
    return clean_screen("\n\n".join((*parts, show_plans(plans))))


def show_findings(findings: Iterable[Finding]) -> str:
    """The findings that an edit brings, as validate shows them."""
    blocks = []
    for finding in findings:
        told = [*finding.message.splitlines(), *finding.advice.splitlines()]
        lines = [
            f"{finding.location}: {finding.grade.word} {finding.rule}",
            *(f"  {line}" for line in told),
        ]
        blocks.append("\n".join(lines))
    return clean_screen("\n\n".join(blocks))
