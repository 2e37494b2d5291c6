"""Medians, ratios and bars of what was measured, as a table and as JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from scripts.bench.measure import Sample, Task

OURS = "modelsync"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One program on one subject. Ratios are to modelsync on the same subject: 2.0 takes twice as much."""

    subject: str
    name: str
    seconds: float
    fastest: float
    slowest: float
    mib: float
    cpu: float
    ratio_seconds: float
    ratio_mib: float
    bar_seconds: float | None
    bar_mib: float | None

    @property
    def verdict(self) -> str:
        """Whether the bars are kept; empty where there is none."""
        pairs = ((self.seconds, self.bar_seconds, "s"), (self.mib, self.bar_mib, "MiB"))
        said = [f"{bar:g} {unit}" for _, bar, unit in pairs if bar is not None]
        if not said:
            return ""
        broken = [f"{bar:g} {unit}" for value, bar, unit in pairs if bar is not None and value > bar]
        return f"over {' and '.join(broken)}" if broken else f"within {' and '.join(said)}"


def build_rows(samples: Mapping[Task, Sequence[Sample]]) -> tuple[Row, ...]:
    """A row for each task, in the order given.

    Raises ValueError where a subject lacks modelsync's own task.
    """
    own = {task.subject: _medians(found) for task, found in samples.items() if task.name == OURS}
    rows = []
    for task, found in samples.items():
        if task.subject not in own:
            raise ValueError(f"{task.subject}: {task.name} has no {OURS} beside it to be compared with")
        seconds, mib = _medians(found)
        times = [sample.seconds for sample in found]
        rows.append(
            Row(
                subject=task.subject,
                name=task.name,
                seconds=seconds,
                fastest=min(times),
                slowest=max(times),
                mib=mib,
                cpu=median(sample.cpu for sample in found),
                ratio_seconds=seconds / own[task.subject][0],
                ratio_mib=mib / own[task.subject][1],
                bar_seconds=task.bar_seconds,
                bar_mib=task.bar_mib,
            )
        )
    return tuple(rows)


def show_table(rows: Sequence[Row]) -> str:
    """Rows under one line for each subject."""
    head = f"{'':<30} {'median':>8}  {'fastest – slowest':>17}  {'ratio':>6}  {'CPU':>7}"
    lines = [f"{head}  {'peak':>8}  {'ratio':>6}  bar"]
    subject = ""
    for row in rows:
        if row.subject != subject:
            subject = row.subject
            lines.append(subject)
        spread = f"{row.fastest:.2f} – {row.slowest:.2f} s"
        line = (
            f"  {row.name:<28} {row.seconds:>6.2f} s  {spread:>17}  {row.ratio_seconds:>5.1f}×"
            f"  {row.cpu:>5.2f} s  {row.mib:>4.0f} MiB  {row.ratio_mib:>5.1f}×  {row.verdict}"
        )
        lines.append(line.rstrip())
    return "\n".join(lines)


def describe_rows(rows: Sequence[Row]) -> dict[str, Any]:
    """The rows for JSON: seconds and MiB."""
    return {
        "rows": [
            {
                "subject": row.subject,
                "name": row.name,
                "seconds": {"median": row.seconds, "min": row.fastest, "max": row.slowest},
                "cpu": row.cpu,
                "mib": row.mib,
                "ratios": {"seconds": row.ratio_seconds, "mib": row.ratio_mib},
                "bars": {"seconds": row.bar_seconds, "mib": row.bar_mib},
                "verdict": row.verdict,
            }
            for row in rows
        ]
    }


def show_json(report: Mapping[str, Any], rounds: int, machine: Mapping[str, Any]) -> str:
    """`modelsync.dev/bench/v2`: medians of `rounds`. What was not measured is not in `report`."""
    head = {"apiVersion": "modelsync.dev/bench/v2", "rounds": rounds, "machine": dict(machine)}
    return json.dumps({**head, **report}, indent=2, ensure_ascii=False)


def _medians(samples: Sequence[Sample]) -> tuple[float, float]:
    return median(sample.seconds for sample in samples), median(sample.mib for sample in samples)
