"""Findings as GitHub workflow commands, so that they show beside the changed lines.

GitHub keeps 10 errors and 10 warnings for one step, so of more than ten the first nine are annotated and
the tenth says how many more there are (actions/toolkit, docs/problem-matchers.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.report.text import summarise_check
from reconciler.state.findings import Finding
from reconciler.validate.checks import Check

_LIMIT = 10


def show_check(check: Check) -> str:
    """One annotation a finding within GitHub's limit, and the closing line as a notice."""
    errors = [finding for finding in check.findings if finding.is_error]
    advice = [finding for finding in check.findings if not finding.is_error]
    lines = [*_annotate("error", errors), *_annotate("warning", advice)]
    lines.append(f"::notice title=modelsync validate::{_escape(summarise_check(check))}")
    return "\n".join(lines)


def _annotate(level: str, findings: Sequence[Finding]) -> list[str]:
    shown = findings if len(findings) <= _LIMIT else findings[: _LIMIT - 1]
    lines = [_line(level, finding) for finding in shown]
    rest = len(findings) - len(shown)
    if rest:
        lines.append(
            f"::{level} title=modelsync validate::{rest} more; run modelsync validate to see them all"
        )
    return lines


def _line(level: str, finding: Finding) -> str:
    place = finding.location
    text = f"{finding.message}\n{finding.advice}".strip()
    where = (
        f"file={_escape_property(place.file)},line={place.line},col={place.column},"
        f"endLine={place.end_line},endColumn={place.end_column},title={_escape_property(finding.rule)}"
    )
    return f"::{level} {where}::{_escape(text)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
