"""The model table of a review, in which environments that change alike share their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.plan.wording import count
from reconciler.report.comment_parts import fold, show_code, show_text, take
from reconciler.state.reviews import Evidence, VariantRow

_FEW = 30
"""Rows that are all shown, each for itself."""

_MOST_METRICS = 4
_SHORT = 8
_HEAD = "| deployment | variant | version | share | Pods | evidence |\n|---|---|---|---|---|---|\n"


def show_table(rows: Sequence[VariantRow], room: int) -> str:
    """The table within `room` characters, with a row that says how many are left out; empty without rows.

    A long one is folded.
    """
    if not rows:
        return ""
    groups = [(row,) for row in rows] if len(rows) <= _FEW else _group(rows)
    shown, left = take([_show_row(group) for group in groups], room)
    rest = f"| … {count(left, 'more row')} | | | | | |\n" if left else ""
    table = f"{_HEAD}{''.join(shown)}{rest}\n"
    return table if len(shown) <= _FEW else fold("Models and shares", table)


def describe_evidence(evidence: Evidence) -> Iterator[str]:
    """What records say of a version, one part after the other, each in a few words."""
    if evidence.metrics:
        said = ", ".join(
            f"{item.name} {_number(item.old)} → {_number(item.new)}"
            for item in evidence.metrics[:_MOST_METRICS]
        )
        more = len(evidence.metrics) - _MOST_METRICS
        said += f" and {more} more" if more > 0 else ""
        yield f"{said} against {evidence.against} on the same evaluation data"
    elif evidence.incomparable:
        against = f" with {evidence.against}" if evidence.against else ""
        yield f"not comparable{against}: {evidence.incomparable}"
    if evidence.signature:
        yield evidence.signature
    lineage = [
        f"{name} {value[:_SHORT]}"
        for name, value in (("run", evidence.run), ("commit", evidence.commit), ("data", evidence.data))
        if value
    ]
    if lineage:
        yield ", ".join(lineage)


def describe_version(row: VariantRow) -> str:
    """`v5 (new)`, `v3 → v5`, `v3 (gone)`, `v3`."""
    if row.new_version is None:
        return f"{row.old_version} (gone)"
    if row.old_version is None:
        return f"{row.new_version} (new)"
    if row.old_version == row.new_version:
        return row.new_version
    return f"{row.old_version} → {row.new_version}"


def describe_share(row: VariantRow) -> str:
    """`100 % → 90 %`, `50 %`, and a dash on the side where there is none; of a shadow the mirrored part."""
    old = "–" if row.old_share is None else f"{row.old_share} %"
    new = "–" if row.new_share is None else f"{row.new_share} %"
    shadow = " mirrored" if row.shadow else ""
    return f"{new}{shadow}" if old == new else f"{old} → {new}{shadow}"


def _group(rows: Sequence[VariantRow]) -> list[tuple[VariantRow, ...]]:
    """Rows that differ in nothing but their environment, together; rows in which nothing moves left out."""
    groups: dict[object, list[VariantRow]] = {}
    for row in rows:
        if row.moves:
            groups.setdefault(_key(row), []).append(row)
    return [tuple(group) for group in groups.values()]


def _key(row: VariantRow) -> object:
    return replace(row, target="")


def _show_row(group: tuple[VariantRow, ...]) -> str:
    row = group[0]
    name = show_code(row.object)
    if len(group) > 1:
        name += f" and the same in {count(len(group) - 1, 'more environment')}"
    said = list(describe_evidence(row.evidence)) if row.evidence is not None else []
    if row.standing:
        said.append(row.standing)
    cells = (
        name,
        show_text(row.variant),
        show_text(describe_version(row)),
        describe_share(row),
        row.pods or "–",
        show_text("; ".join(said)),
    )
    return f"| {' | '.join(cells)} |\n"


def _number(value: float) -> str:
    return f"{value:.4g}"
