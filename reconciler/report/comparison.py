"""Two environments side by side: for people, and as JSON (`modelsync.dev/comparison/v1`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.plan.wording import name_variant
from reconciler.report.explanation import plain_value, show_place, show_said
from reconciler.report.json_text import write_json
from reconciler.report.screen import clean_screen
from reconciler.state.comparisons import DeploymentComparison, EnvironmentComparison, SettingDifference
from reconciler.state.explanations import Setting
from reconciler.state.shares import Share


def show_text(comparison: EnvironmentComparison) -> str:
    """Deployments of one side alone, then what differs of the environments themselves, then of the other
    deployments, each value with its place."""
    left, right = comparison.left, comparison.right
    both = [item for item in comparison.deployments if item.left is not None and item.right is not None]
    lines = [f"{left} and {right}"]
    for name, alone in (
        (left, [item for item in comparison.deployments if item.right is None]),
        (right, [item for item in comparison.deployments if item.left is None]),
    ):
        lines += [f"  only in {name}: {item.name} ({_show_set(item.left or item.right)})" for item in alone]
    same = [item.name for item in both if not item.differs]
    if same:
        lines.append(f"  the same in both: {', '.join(same)}")
    lines += [f"  not compared: {name}, whose file cannot be read" for name in comparison.unreadable]
    if not comparison.deployments and not comparison.unreadable:
        lines.append("  no deployments")
    if comparison.settings:
        lines += ["", "environment.yaml"]
        for difference in comparison.settings:
            lines += [f"  {difference.field}", *_show_difference(difference, left, right)]
    for item in both:
        if item.differs:
            lines += ["", *_show_deployment(item, left, right)]
    return clean_screen("\n".join(lines))


def show_json(comparison: EnvironmentComparison) -> str:
    """`modelsync.dev/comparison/v1`: a side is null where it has no such deployment, or variant."""
    value = {
        "apiVersion": "modelsync.dev/comparison/v1",
        "left": comparison.left,
        "right": comparison.right,
        "differs": comparison.differs,
        "unreadable": list(comparison.unreadable),
        "settings": [_difference(item) for item in comparison.settings],
        "deployments": [_deployment(item) for item in comparison.deployments],
    }
    return write_json(value)


def _show_set(shares: Sequence[Share] | None) -> str:
    return ", ".join(f"{name_variant(share)} {share.percent} %" for share in shares or ())


def _show_deployment(item: DeploymentComparison, left: str, right: str) -> Iterator[str]:
    names = [name_variant(variant) for variant in item.variants]
    first = max(len(name) for name in (item.name, *(f"  {name}" for name in names)))
    widths = [max(len(side), len("100 %")) for side in (left, right)]
    yield f"{item.name.ljust(first)}  {left.rjust(widths[0])}  {right.rjust(widths[1])}"
    for name, variant in zip(names, item.variants, strict=True):
        old, new = (_show_percent(percent) for percent in (variant.old, variant.new))
        yield f"{f'  {name}'.ljust(first)}  {old.rjust(widths[0])}  {new.rjust(widths[1])}"
    for difference in item.settings:
        yield f"  {difference.field}"
        yield from _show_difference(difference, left, right)


def _show_percent(percent: int | None) -> str:
    return "–" if percent is None else f"{percent} %"


def _show_difference(difference: SettingDifference, left: str, right: str) -> Iterator[str]:
    width = max(len(left), len(right))
    # Whose it is matters where not all variants of a side have the same.
    several = len(difference.left) > 1 or len(difference.right) > 1
    for side, settings in ((left, difference.left), (right, difference.right)):
        if not settings:
            yield f"    {side.ljust(width)}  not set"
        for item in settings:
            whose = f"{', '.join(item.subjects)}: " if several else ""
            place = f"{item.winner.location} ({item.winner.layer})"
            yield f"    {side.ljust(width)}  {whose}{show_said(item.winner)}  {place}"


def _deployment(item: DeploymentComparison) -> dict[str, Any]:
    return {
        "name": item.name,
        "differs": item.differs,
        "left": item.left is not None,
        "right": item.right is not None,
        "variants": [
            {
                "predictor": variant.predictor,
                "version": variant.version,
                "shadow": variant.shadow,
                "left": variant.old,
                "right": variant.new,
            }
            for variant in item.variants
        ],
        "settings": [_difference(difference) for difference in item.settings],
    }


def _difference(difference: SettingDifference) -> dict[str, Any]:
    return {
        "field": difference.field,
        "left": [_setting(setting) for setting in difference.left],
        "right": [_setting(setting) for setting in difference.right],
    }


def _setting(setting: Setting) -> dict[str, Any]:
    won = setting.winner
    return {
        "subjects": list(setting.subjects),
        "value": plain_value(won),
        "layer": won.layer,
        **show_place(won.location),
    }
