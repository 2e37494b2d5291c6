"""Histories of tests, from lines that people can read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from reconciler.state.history import History, ServedSpan, WaiverArrival
from reconciler.state.moments import start_of


def make_history(spans: Iterable[Mapping[str, Any]], *, complete: bool = True) -> History:
    """A history of these spans, each with `object`, `version`, `traffic` or `shadow`, `since` and `until`.

    `model` is wines and `digest` empty where they are not given. One with `waiver` (a rule), `objects` and
    `until` tells `since` when that came.
    """
    said = tuple(spans)
    return History(
        head="0" * 40,
        complete=complete,
        spans=tuple(_make_span(span) for span in said if "waiver" not in span),
        commits=(),
        waivers=tuple(_make_arrival(span) for span in said if "waiver" in span),
    )


def read_history(path: Path) -> History:
    """The history that a file lists, one span in a line."""
    return make_history(yaml.safe_load(path.read_text(encoding="utf-8")))


def _make_arrival(said: Mapping[str, Any]) -> WaiverArrival:
    return WaiverArrival(
        environment=said["objects"][0].partition("/")[0],
        rule=said["waiver"],
        objects=frozenset(said["objects"]),
        until=said["until"],
        since=start_of(said["since"]),
        revision="2" * 40,
    )


def _make_span(said: Mapping[str, Any]) -> ServedSpan:
    environment, _, deployment = said["object"].partition("/")
    return ServedSpan(
        environment=environment,
        deployment=deployment,
        model=said.get("model", "wines"),
        version=said["version"],
        digest=said.get("digest", ""),
        shadow="shadow" in said,
        share=said["shadow"] if "shadow" in said else said["traffic"],
        since=start_of(said["since"]),
        until=start_of(said["until"]) if "until" in said else None,
        revision="1" * 40,
        predictor=f"v{said['version']}",
    )
