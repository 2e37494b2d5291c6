"""The state of all targets as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import StringIO

from rich.console import Console
from rich.table import Table

from reconciler.plan.traffic import show_percent
from reconciler.plan.wording import name_variant, shorten_revision
from reconciler.report.screen import clean_screen
from reconciler.report.text_record import is_free, show_history, show_holds
from reconciler.state.observations import HealthWord, VariantHealth
from reconciler.state.outcomes import Outcome
from reconciler.state.routes import RoutedShare
from reconciler.state.runs import DeploymentStatus, TargetStatus
from reconciler.state.shares import Share

_UNKNOWN = "–"
_LEFT = ("ENVIRONMENT", "DEPLOYMENT", "VERSION")
_RIGHT = ("DECLARED", "APPLIED", "ROUTED")


def show_status(
    states: Sequence[TargetStatus], now: datetime, width: int = 130, *, history: bool = False
) -> str:
    """Shares and health by version, what differs in sentences, and when each target was last seen alive.

    With `history` the last runs of each target follow.
    """
    table = Table(box=None, pad_edge=False, header_style="")
    window = next((show_span(state.window) for state in states if state.window), "")
    for heading in (*_LEFT, *_RIGHT, f"SERVED ({window})" if window else "SERVED", "HEALTH"):
        right = heading in _RIGHT or heading.startswith("SERVED")
        table.add_column(heading, justify="right" if right else "left", no_wrap=right)
    for state in states:
        for deployment in state.deployments:
            for cells in _rows(deployment, now):
                table.add_row(*cells)
    out = StringIO()
    if table.row_count:
        # The cluster's names are text: brackets and colons in them mean nothing here.
        console = Console(file=out, width=width, color_system=None, markup=False, emoji=False)
        console.print(table)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    if lines:
        lines.append("")
    for state in states:
        lines += _show_target(state, now)
        if history and state.record is not None and not state.message:
            lines += show_history(state.record)
    return clean_screen("\n".join(lines))


def show_span(seconds: float) -> str:
    """A time in its largest whole unit: `90 s`, `3 m`, `2 h`, `4 d`; cut, never rounded up."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size or seconds == size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def _rows(deployment: DeploymentStatus, now: datetime) -> list[tuple[str, ...]]:
    declared = {share.predictor: share for share in deployment.declared or ()}
    applied = {share.predictor: share for share in deployment.applied or ()}
    routed = {share.predictor: share for share in deployment.routed.shares} if deployment.routed else {}
    names = [*declared, *(name for name in (*applied, *routed) if name not in declared)]
    names = list(dict.fromkeys(names))
    health = {item.predictor: item for item in deployment.health.variants}
    whole = deployment.health.word.value
    rows: list[tuple[str, ...]] = []
    for index, name in enumerate(names):
        share = declared.get(name) or applied.get(name)
        own = health.get(name)
        rows.append(
            (
                deployment.environment if index == 0 else "",
                deployment.name if index == 0 else "",
                name_variant(share) if share is not None else name,
                _percent(declared.get(name), deployment.declared),
                _percent(applied.get(name), deployment.applied),
                _routed(routed.get(name), deployment),
                _served(name, deployment),
                _show_health(own, now) if own is not None else whole if index == 0 else "",
            )
        )
    nothing = (_UNKNOWN,) * 4
    return rows or [(deployment.environment, deployment.name, "", *nothing, whole)]


def _percent(share: Share | None, side: tuple[Share, ...] | None) -> str:
    if side is None:
        return _UNKNOWN
    return f"{share.percent} %" if share is not None else "0 %"


def _routed(share: RoutedShare | None, deployment: DeploymentStatus) -> str:
    if deployment.routed is None:
        return _UNKNOWN
    return show_percent(share.percent) if share is not None else "0 %"


def _served(predictor: str, deployment: DeploymentStatus) -> str:
    """The part of all answered requests, or of those that were mirrored from them; a dash without any."""
    if deployment.served is None:
        return _UNKNOWN
    sides = (*(deployment.declared or ()), *(deployment.applied or ()))
    shadows = {share.predictor for share in sides if share.shadow}
    shadows |= {
        share.predictor for share in (deployment.routed.shares if deployment.routed else ()) if share.shadow
    }
    total = sum(count for name, count in deployment.served.items() if name not in shadows)
    if not total:
        return _UNKNOWN
    part = 100 * deployment.served.get(predictor, 0) / total
    return f"{part:.3g} % mirrored" if predictor in shadows else f"{part:.3g} %"


def _show_health(health: VariantHealth, now: datetime) -> str:
    if health.since is None or health.word is HealthWord.CURRENT:
        return health.word.value
    return f"{health.word.value} {show_span((now - health.since).total_seconds())}"


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
    lines += [note for item in state.deployments for note in item.notes]
    lines += _show_unknowns(state)
    lines += show_holds(state, now)
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
    lines.append(f"{said}. Nothing held, nothing frozen." if is_free(state, now) else f"{said}.")
    if record.attempted != record.applied:
        lines.append(f"  last attempt: {shorten_revision(record.attempted)}")
    if record.history and record.history[-1].outcome:
        last = record.history[-1]
        lines.append(
            f"  the last run that wrote or failed ended with exit code {last.outcome}: {last.summary}"
        )
    return lines


def _show_unknowns(state: TargetStatus) -> list[str]:
    lines = []
    if state.deployments and state.routed_unknown:
        lines.append(f"{state.target}: routed is not known: {state.routed_unknown}")
    if state.deployments and state.served_unknown:
        lines.append(f"{state.target}: served is not known: {state.served_unknown}")
    lines += [f"{state.target}: {note}" for note in state.notes]
    if state.leftovers:
        names = ", ".join(str(key) for key in state.leftovers[:5])
        more = f" and {len(state.leftovers) - 5} more" if len(state.leftovers) > 5 else ""
        kind = state.leftovers[0]
        lines.append(
            f"{state.target}: the operator left {names}{more} behind, of versions that are gone; they route "
            f"nothing. To tidy up: kubectl delete --namespace {kind.namespace} {kind.kind.plural} NAME"
        )
    return lines


def _ago(now: datetime, then: datetime) -> str:
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 1:
        return "less than a minute ago"
    if minutes < 120:
        return f"{minutes} minutes ago" if minutes > 1 else "1 minute ago"
    return f"{minutes // 60} hours ago"
