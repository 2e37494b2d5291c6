"""Rows and verdicts as a table and for JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from scripts.bench.sync.bars import Verdict
from scripts.bench.sync.uses import Row, Subject


def show_rows(rows: Sequence[Row]) -> str:
    """Rows under one line for each subject."""
    head = f"{'':<26} {'median':>8}  {'fastest – slowest':>18}  {'ratio':>6}  {'CPU':>7}"
    lines = [f"{head}  {'API server':>10}  {'ratio':>6}  {'peak':>8}  requests"]
    subject: Subject | None = None
    for row in rows:
        if row.subject != subject:
            subject = row.subject
            lines.append(str(subject))
        spread = f"{row.fastest:.2f} – {row.slowest:.2f} s"
        applying = f"; rehearsed and written in {row.applying:.2f} s" if row.applying is not None else ""
        lines.append(
            f"  {row.name:<24} {row.seconds:>6.2f} s  {spread:>18}  {_ratio(row.ratio_seconds)}"
            f"  {row.client:>5.2f} s  {row.server:>8.2f} s  {_ratio(row.ratio_server)}  {row.mib:>4.0f} MiB"
            f"  {row.asked} ({_join(row.requests)}){applying}"
        )
    return "\n".join(lines)


def show_verdicts(verdicts: Sequence[Verdict]) -> str:
    """One line for each promise: what was measured, the bar, and whether it is kept."""
    width = max((len(verdict.promise) for verdict in verdicts), default=0)
    lines = []
    for verdict in verdicts:
        bound = "at least" if verdict.at_least else "at most"
        unit = f" {verdict.unit}" if verdict.unit not in ("", "×") else verdict.unit
        lines.append(
            f"  {verdict.promise:<{width}}  {_round(verdict.measured):>6}{unit:<4}  {bound} {verdict.bar:g}"
            f"{unit}{'' if verdict.kept else '  NOT KEPT'}"
        )
    return "\n".join(lines)


def describe_rows(rows: Sequence[Row], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Both for JSON: seconds, MiB, requests by verb."""
    return {
        "rows": [{**asdict(row), "subject": asdict(row.subject), "text": str(row.subject)} for row in rows],
        "bars": [{**asdict(verdict), "kept": verdict.kept} for verdict in verdicts],
    }


def _join(requests: Mapping[str, int]) -> str:
    return "; ".join(f"{number} {verb}" for verb, number in requests.items())


def _ratio(value: float | None) -> str:
    return f"{value:>5.1f}×" if value is not None else f"{'':>6}"


def _round(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
