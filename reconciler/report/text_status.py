"""The state of all targets as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import StringIO

from rich.console import Console
from rich.table import Table

from reconciler.plan.wording import shorten_revision
from reconciler.state.observations import HealthWord
from reconciler.state.outcomes import Outcome
from reconciler.state.runs import DeploymentStatus, TargetStatus
from reconciler.state.shares import Share

_UNKNOWN = "–"


def show_status(states: Sequence[TargetStatus], now: datetime, width: int = 120) -> str:
    """Declared and applied shares by version, health, and when each target was last seen alive."""
    table = Table(box=None, pad_edge=False, header_style="")
    for heading in ("ENVIRONMENT", "DEPLOYMENT", "VERSION", "DECLARED", "APPLIED", "HEALTH"):
        table.add_column(heading, justify="right" if heading in ("DECLARED", "APPLIED") else "left")
    for state in states:
        for deployment in state.deployments:
            for cells in _rows(deployment):
                table.add_row(*cells)
    out = StringIO()
    if table.row_count:
        Console(file=out, width=width, color_system=None).print(table)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    if lines:
        lines.append("")
    for state in states:
        lines += _show_target(state, now)
    return "\n".join(lines)


def _rows(deployment: DeploymentStatus) -> list[tuple[str, ...]]:
    declared = {share.predictor: share for share in deployment.declared or ()}
    applied = {share.predictor: share for share in deployment.applied or ()}
    names = [*declared, *(name for name in applied if name not in declared)]
    health = deployment.health.word.value
    rows: list[tuple[str, ...]] = []
    for index, name in enumerate(names):
        share = declared.get(name) or applied[name]
        version = f"{share.version} shadow" if share.shadow else share.version
        rows.append(
            (
                deployment.environment if index == 0 else "",
                deployment.name if index == 0 else "",
                version,
                _percent(declared.get(name), deployment.declared),
                _percent(applied.get(name), deployment.applied),
                health if index == 0 else "",
            )
        )
    return rows or [(deployment.environment, deployment.name, "", _UNKNOWN, _UNKNOWN, health)]


def _percent(share: Share | None, side: tuple[Share, ...] | None) -> str:
    if side is None:
        return _UNKNOWN
    return f"{share.percent} %" if share is not None else "0 %"


def _are_equal(deployment: DeploymentStatus) -> bool:
    """Whether the same versions take the same shares on both sides; their order does not matter."""
    return frozenset(deployment.declared or ()) == frozenset(deployment.applied or ())


def _show_target(state: TargetStatus, now: datetime) -> list[str]:
    lines = [
        f"{item.environment}/{item.name}: {item.health.word.value}: {item.health.reason}"
        for item in state.deployments
        if item.health.word is not HealthWord.CURRENT and item.health.reason
    ]
    lines += [
        f"{item.environment}/{item.name}: {extra.key}: {extra.word.value}: {extra.reason}"
        for item in state.deployments
        for extra in item.extras
    ]
    lines += [
        f"{item.environment}/{item.name}: applied is not what is declared; what differs, and who wrote it: "
        f"modelsync plan {item.environment} --live"
        for item in state.deployments
        if item.declared is not None and item.applied is not None and not _are_equal(item)
    ]
    record = state.record
    if state.message:
        word = "undecided" if state.outcome is Outcome.UNDECIDED else "not seen"
        return [*lines, f"{state.target}: {word}: {state.message}"]
    if record is None or not record.exists:
        return [
            *lines,
            f"{state.target}: never synced; start with: modelsync sync {state.target.environment}",
        ]
    applied = shorten_revision(record.applied)
    said = f"{state.target} {applied}" if applied else f"{state.target}: never applied in full"
    if record.applied_at is not None:
        said += f" since {record.applied_at:%Y-%m-%d %H:%M} UTC"
    if record.heartbeat is not None:
        said += f", last seen alive {_ago(now, record.heartbeat)}"
    lines.append(said + ".")
    if record.attempted != record.applied:
        lines.append(f"  last attempt: {shorten_revision(record.attempted)}")
    if record.history and record.history[-1].outcome:
        last = record.history[-1]
        lines.append(
            f"  the last run that wrote or failed ended with exit code {last.outcome}: {last.summary}"
        )
    return lines


def _ago(now: datetime, then: datetime) -> str:
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 1:
        return "less than a minute ago"
    if minutes < 120:
        return f"{minutes} minutes ago" if minutes > 1 else "1 minute ago"
    return f"{minutes // 60} hours ago"
