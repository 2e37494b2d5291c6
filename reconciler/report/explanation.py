"""Where settings come from and what became of them: for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.plan.wording import join_words
from reconciler.policy.wording import show_value
from reconciler.report.json_text import write_json
from reconciler.report.screen import clean_screen
from reconciler.state.documents import Location
from reconciler.state.explanations import (
    Default,
    ExplainedSetting,
    Explanation,
    LiveField,
    RenderedField,
    Said,
    Written,
)
from reconciler.state.masking import mask_value
from reconciler.state.plans import ForeignEdit
from reconciler.state.written import Declaration


def show_text(explanation: Explanation) -> str:
    """What is set and where; of one field each layer, the manifest's fields, and the cluster's."""
    lines = [f"{explanation.name} {explanation.field}".rstrip()]
    if explanation.field:
        for item in explanation.settings:
            lines += _show_setting(explanation, item)
        lines += (_show_default(default) for default in explanation.defaults)
    else:
        lines += _list_all(explanation)
    lines += explanation.notes
    if explanation.unseen:
        lines.append(f"live is not known: {explanation.unseen}")
    return clean_screen("\n".join(lines))


def show_json(explanation: Explanation) -> str:
    """`modelsync.dev/explanation/v1`: of `layers` the last one wins; `live` is null where nobody looked.

    `written` is null where git does not tell, its `commit` where the line is not committed.
    """
    value = {
        "apiVersion": "modelsync.dev/explanation/v1",
        "deployment": explanation.name,
        "field": explanation.field or None,
        "settings": [_setting(explanation, item) for item in explanation.settings],
        "defaults": [
            {
                "field": default.field,
                "subjects": list(default.subjects),
                "value": default.value,
                "origin": default.origin or None,
            }
            for default in explanation.defaults
        ],
        "notes": list(explanation.notes),
        "unseen": explanation.unseen or None,
    }
    return write_json(value)


def plain_value(said: Said) -> Any:
    """What a layer says as plain data, with what looks like a secret masked."""
    return mask_value(str(said.path[-1]), _to_plain(said.value))


def show_said(said: Said) -> str:
    """The same in one short line."""
    return _show(plain_value(said))


def show_place(location: Location) -> dict[str, Any]:
    """A place for JSON."""
    return {"file": location.file, "line": location.line, "column": location.column}


def _list_all(explanation: Explanation) -> Iterator[str]:
    rows = [
        (
            item.setting.field,
            ", ".join(item.setting.subjects),
            show_said(item.setting.winner),
            f"{item.setting.winner.location} ({item.setting.winner.layer})",
            _show_written(explanation, item.setting.winner),
        )
        for item in explanation.settings
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        yield f"  {'  '.join(cells)}  {row[3]}{row[4]}"
    if not rows:
        yield "  nothing is set"


def _show_setting(explanation: Explanation, item: ExplainedSetting) -> Iterator[str]:
    setting = item.setting
    yield f"  {setting.field} of {join_words(setting.subjects)}: {show_said(setting.winner)}"
    places = [str(said.location) for said in setting.said]
    width = max(len(place) for place in places)
    for said, place in zip(setting.said, places, strict=True):
        wins = "  wins" if said is setting.winner and len(places) > 1 else ""
        written = _show_written(explanation, said)
        yield f"    {place.ljust(width)}  {said.layer.ljust(11)}  {show_said(said)}{wins}{written}"
    if not item.rendered:
        yield "    → no field of a manifest"
    live: tuple[LiveField | None, ...] = item.live or (None,) * len(item.rendered)
    for rendered, seen in zip(item.rendered, live, strict=True):
        yield f"    → {rendered.key} {rendered.path}: {_show(_mask_field(rendered.path, rendered.value))}"
        if seen is not None:
            yield f"      live: {_show_live(seen)}"


def _show_default(default: Default) -> str:
    """A default is no secret: it stands in this program or in another's."""
    what = "nothing, for it has no default"
    if default.value is not None:
        what = f"{_show(default.value)}, the default of {default.origin}"
    elif default.origin:
        what = f"what {default.origin} says"
    return f"  {default.field} of {join_words(default.subjects)}: {what}; no layer says it"


def _show_written(explanation: Explanation, said: Said) -> str:
    written = explanation.writers.get(said.location)
    if written is None:
        return ""
    if written.moment is None:
        return "  not committed"
    before = ", or before: the clone is cut short" if written.cut else ""
    return f"  {written.commit[:_ABBREVIATED]} by {written.author}, {written.moment:%Y-%m-%d}{before}"


def _show_live(live: LiveField) -> str:
    if not live.found:
        return "not there"
    value = _show(_mask_field(live.rendered.path, live.value))
    differs = "" if live.value == live.rendered.value else " (differs)"
    held = "; ".join(_show_holder(holder, live.rendered.path) for holder in live.holders)
    return f"{value}{differs}, {f'held by {held}' if held else 'held by nobody'}"


def _show_holder(holder: ForeignEdit, path: str) -> str:
    """Lists are held whole: then the field that is really held is named."""
    whole = "" if path in holder.fields else f" with {', '.join(holder.fields)}"
    since = f", written {holder.time}" if holder.time else ""
    return f"{holder.manager}{whole}{since}"


def _show(value: Any) -> str:
    if isinstance(value, list):
        text = json.dumps(value, ensure_ascii=False)
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return show_value(value)


_LONGEST = 60
_ABBREVIATED = 12


def _mask_field(path: str, value: Any) -> Any:
    """Of `…env[TOKEN].value` the name of the item tells what the value is."""
    parts = path.replace("]", "").replace("[", ".").split(".")
    named = parts[-2] if parts[-1] == "value" and len(parts) > 1 else parts[-1]
    return mask_value(named, _to_plain(value))


def _to_plain(value: Any) -> Any:
    if isinstance(value, Declaration):
        return value.model_dump(by_alias=True, exclude_unset=True)
    if isinstance(value, Mapping):
        return {key: _to_plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_to_plain(item) for item in value]
    return value


def _setting(explanation: Explanation, item: ExplainedSetting) -> dict[str, Any]:
    live: tuple[LiveField | None, ...] = item.live or (None,) * len(item.rendered)
    return {
        "field": item.setting.field,
        "subjects": list(item.setting.subjects),
        "value": plain_value(item.setting.winner),
        "layers": [
            {
                "layer": said.layer,
                **show_place(said.location),
                "value": plain_value(said),
                "written": _written(explanation.writers.get(said.location)),
            }
            for said in item.setting.said
        ],
        "rendered": [_rendered(rendered, seen) for rendered, seen in zip(item.rendered, live, strict=True)],
    }


def _written(written: Written | None) -> dict[str, Any] | None:
    if written is None:
        return None
    return {
        "commit": written.commit or None,
        "author": written.author or None,
        "email": written.email or None,
        "time": None if written.moment is None else f"{written.moment:%Y-%m-%dT%H:%M:%SZ}",
        "orBefore": written.cut,
    }


def _rendered(field: RenderedField, live: LiveField | None) -> dict[str, Any]:
    return {
        "object": str(field.key),
        "path": field.path,
        "value": _mask_field(field.path, field.value),
        "live": None
        if live is None
        else {
            "found": live.found,
            "value": _mask_field(field.path, live.value),
            "holders": [
                {"manager": holder.manager, "time": holder.time or None, "fields": list(holder.fields)}
                for holder in live.holders
            ],
        },
    }
