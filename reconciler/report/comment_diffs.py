"""Changed fields of manifests, folded by environment, with secrets masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml

from reconciler.plan.wording import count
from reconciler.report.comment_parts import fence, fold
from reconciler.report.text import list_told, show_fields, summarise_plan
from reconciler.state.masking import mask_value
from reconciler.state.plans import Change, FieldChange, Op, Plan

_WORDS = {Op.CREATE: "new", Op.UPDATE: "changed", Op.DELETE: "deleted", Op.SKIP: "left alone"}
_LEAST = 1_500
"""Characters below which no fold is begun."""

_MARKUP = 300
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# The last part of a path: of `env[TOKEN].value` it is TOKEN that tells what the value is.
_LAST = re.compile(r"(?:\[([^\]]*)\]|([^.\[\]]+))\Z")


def show_diffs(plans: Iterable[Plan], room: int) -> str:
    """A fold for each target with changes within `room` characters, and what is left out of them."""
    changed = [plan for plan in plans if list_told(plan)]
    shown: list[str] = []
    for index, plan in enumerate(changed):
        if room < _LEAST:
            shown.append(_say_left(changed[index:]))
            break
        shown.append(_fold(plan, room - _MARKUP))
        room -= len(shown[-1])
    return "".join(shown)


def list_lines(plan: Plan) -> Iterator[str]:
    """The changed fields of all objects of a plan as lines of a diff."""
    for change in list_told(plan):
        yield f"@@ {change.key}: {_WORDS[change.op]} @@"
        if change.op is Op.CREATE and change.manifest is not None:
            yield from _show_added("", change.manifest.body)
        yield from _show_fields(change)


def _fold(plan: Plan, room: int) -> str:
    summary = summarise_plan(plan)
    lines: list[str] = []
    left = 0
    for line in list_lines(plan):
        # Once a line is left out, so are all that follow: what is shown is the beginning, without gaps.
        if left or room < len(line) + len(summary):
            left += 1
        else:
            lines.append(line)
            room -= len(line) + 1
    said = (
        f"{count(left, 'more line')} of this environment left out; modelsync plan shows all.\n\n"
        if left
        else ""
    )
    return fold(summary, fence("diff", lines) + said)


def _say_left(plans: list[Plan]) -> str:
    names = f"{plans[0].target} to {plans[-1].target}" if len(plans) > 1 else str(plans[0].target)
    return (
        f"The fields of {count(len(plans), 'more environment')} are left out ({names}); "
        f"modelsync plan {plans[0].target.environment} shows those of one.\n\n"
    )


def _show_fields(change: Change) -> Iterator[str]:
    plain: list[FieldChange] = []
    for field in (mask_field(field) for field in change.fields):
        if field.sign == "+" and isinstance(field.new, Mapping):
            yield from _align(plain)
            plain = []
            yield from _show_added(field.path, field.new)
        else:
            plain.append(field)
    yield from _align(plain)


def mask_field(field: FieldChange) -> FieldChange:
    """The field without secrets on either side."""
    key = _read_key(field.path)
    return replace(field, old=mask_value(key, field.old), new=mask_value(key, field.new))


def _read_key(path: str) -> str:
    """The name that tells what a value is: TOKEN of `env[TOKEN].value`, else the path's last part."""
    path = path.removesuffix(".value")
    found = _LAST.search(path)
    return next(filter(None, found.groups()), "") if found is not None else path


def _align(fields: list[FieldChange]) -> Iterator[str]:
    """GitHub colours a line by its first character."""
    for line in show_fields(fields):
        shown = line.strip()
        yield f"!{shown[1:]}" if shown.startswith("~") else shown


def _show_added(path: str, value: Mapping[str, Any]) -> Iterator[str]:
    text: str = yaml.dump(
        mask_value("", _as_plain(value)), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110
    )
    if path:
        yield f"+ {path}:"
    for line in text.splitlines():
        yield f"+ {'  ' if path else ''}{line}"


def _as_plain(value: Any) -> Any:
    """Bodies may share parts; YAML would print those as anchors."""
    if isinstance(value, Mapping):
        return {str(key): _as_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_plain(item) for item in value]
    return value
