"""Findings as GitHub workflow commands, so that they show beside the changed lines.

GitHub keeps 10 errors, 10 warnings and 10 notices of one step, and 50 of a job (actions/toolkit,
docs/problem-matchers.md). So of more than ten the first nine are annotated, the worst first, and the tenth
says how many more there are; the table of all is report/step_summary.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.report.text import summarise_check
from reconciler.state.documents import Location
from reconciler.state.findings import Approval, Finding, Grade, Waived
from reconciler.validate.checks import Check

_LIMIT = 10
_TITLE = "modelsync validate"


def show_check(check: Check) -> str:
    """One annotation a finding within GitHub's limit; as notices the closing line, approvals and waivers."""
    errors = [finding for finding in check.findings if finding.is_error]
    # What no waiver can lift comes first; within a grade the order of files stays.
    errors.sort(key=lambda finding: finding.grade is not Grade.HARD)
    advice = [finding for finding in check.findings if not finding.is_error]
    blocking = [
        f"::error title={_escape_property(item.rule)}::{_escape(f'not decided: {item.reason}')}"
        for item in check.undecided
        if item.blocking
    ]
    notices = [
        f"::notice title={_TITLE}::{_escape(summarise_check(check))}",
        *map(_show_approval, check.approvals),
        *map(_show_waived, check.waived),
    ]
    return "\n".join(
        [
            *_limit("error", [*(_show_finding("error", finding) for finding in errors), *blocking]),
            *_limit("warning", [_show_finding("warning", finding) for finding in advice]),
            *_limit("notice", notices),
        ]
    )


def _limit(level: str, lines: Sequence[str]) -> Sequence[str]:
    if len(lines) <= _LIMIT:
        return lines
    rest = len(lines) - (_LIMIT - 1)
    more = f"::{level} title={_TITLE}::{rest} more; the step's summary lists them, as modelsync validate does"
    return [*lines[: _LIMIT - 1], more]


def _show_finding(level: str, finding: Finding) -> str:
    return _show(level, finding.location, finding.rule, f"{finding.message}\n{finding.advice}".strip())


def _show_approval(approval: Approval) -> str:
    owners = ", ".join(approval.owners) or "an owner"
    return _show(
        "notice", approval.location, approval.rule, f"{approval.reason}\nThis needs the approval of {owners}."
    )


def _show_waived(item: Waived) -> str:
    waiver = f"waived until {item.waiver.until} ({item.waiver.reason})"
    return _show("notice", item.finding.location, item.finding.rule, f"{item.finding.message}\n{waiver}")


def _show(level: str, place: Location, rule: str, text: str) -> str:
    where = (
        f"file={_escape_property(place.file)},line={place.line},col={place.column},"
        f"endLine={place.end_line},endColumn={place.end_column},title={_escape_property(rule)}"
    )
    return f"::{level} {where}::{_escape(text)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
