"""What was found in declarations, as the Markdown of a step's summary on GitHub.

Names and messages come from whoever wrote the change, so nothing in them is Markdown, HTML or a link.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.plan.wording import count
from reconciler.report.comment_parts import show_text
from reconciler.report.text import summarise_check
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade, Undecided
from reconciler.validate.checks import Check

LIMIT = 1024 * 1024
"""Bytes that GitHub takes from one step; with one more it shows nothing of it."""

_ORDER = (Grade.HARD, Grade.SOFT, Grade.ADVISORY)
_RESERVE = 200
"""Bytes kept for the line that says what was left out."""


def show_check(check: Check, room: int = LIMIT) -> str:
    """The closing line and a table of all findings, the worst first, in at most `room` bytes of UTF-8.

    Waived findings, needed approvals and what was not decided follow. Rows that do not fit are counted, not
    cut.
    """
    head = f"### modelsync validate\n\n{show_text(summarise_check(check))}\n"
    findings = sorted(check.findings, key=lambda finding: _ORDER.index(finding.grade))
    parts = [head]
    left = room - len(head.encode("utf-8", "replace")) - _RESERVE
    missing = 0
    for title, columns, rows in (
        ("Findings", ("grade", "rule", "place", "finding"), [_list_finding(one) for one in findings]),
        ("Needed approvals", ("rule", "place", "object", "why", "owners"), list(_list_approvals(check))),
        ("Waived", ("rule", "place", "finding", "reason", "until"), list(_list_waived(check))),
        ("Not decided", ("rule", "why"), [_list_undecided(item) for item in check.undecided]),
    ):
        text, left, cut = _show_table(title, columns, rows, left)
        parts.append(text)
        missing += cut
    if missing:
        parts.append(f"\n{count(missing, 'more row')} left out; modelsync validate lists them.\n")
    whole = "".join(parts)
    return whole if len(whole.encode("utf-8", "replace")) <= room else ""


def _show_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], room: int
) -> tuple[str, int, int]:
    """The table, the room that it leaves, and how many of its rows found none."""
    if not rows:
        return "", room, 0
    text = f"\n#### {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    left = room - len(text.encode())
    shown = []
    for row in rows:
        line = f"| {' | '.join(map(_show_cell, row))} |\n"
        left -= len(line.encode("utf-8", "replace"))
        if left < 0:
            break
        shown.append(line)
    if not shown:
        return "", room, len(rows)
    return text + "".join(shown), max(left, 0), len(rows) - len(shown)


def _show_cell(text: str) -> str:
    return "<br>".join(show_text(line) for line in text.strip().splitlines())


def _list_finding(finding: Finding) -> Sequence[str]:
    message = f"{finding.message}\n{finding.advice}"
    return finding.grade.value, finding.rule, _place(finding.location), message


def _list_approvals(check: Check) -> Iterator[Sequence[str]]:
    for item in check.approvals:
        yield item.rule, _place(item.location), item.subject, item.reason, ", ".join(item.owners)


def _list_waived(check: Check) -> Iterator[Sequence[str]]:
    for item in check.waived:
        finding = item.finding
        waiver = f"{item.waiver.reason}\n{item.location}"
        yield finding.rule, _place(finding.location), finding.message, waiver, item.waiver.until


def _list_undecided(item: Undecided) -> Sequence[str]:
    return item.rule, item.reason


def _place(location: Location) -> str:
    return f"{location.file}:{location.line}:{location.column}"
