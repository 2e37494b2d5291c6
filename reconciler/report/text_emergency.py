"""An emergency in plain words: what it would do, and what it did."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.plan.wording import choose, describe_set, join_words, shorten_revision
from reconciler.report.screen import clean_screen
from reconciler.state.emergencies import Rollback
from reconciler.state.inventory import EmergencyMark

_RUNNING = {"modelUri": "", "image": "image ", "serviceAccountName": "service account "}


def show_rollback(rollback: Rollback) -> str:
    """What is served now, what it goes back to, and for how long."""
    return clean_screen("\n".join(_list_lines(rollback)))


def _list_lines(rollback: Rollback) -> Iterator[str]:
    mark = rollback.mark
    yield f"{rollback.name} (namespace {rollback.target.namespace})"
    yield f"  applied now   {describe_set(rollback.applied) or 'nothing: the object is not there'}"
    declared = shorten_revision(rollback.good.revision)
    yield f"  goes back to  {describe_set(mark.shares)}, which served well at {declared}"
    yield f"  runs          {join_words(list_running(rollback.manifest.body))}"
    yield f"  until         {mark.until:%Y-%m-%d %H:%M:%S} UTC; sync leaves it alone meanwhile"
    yield f"  by            {mark.by}: {mark.reason}"
    if rollback.others:
        names = join_words([str(key) for key in rollback.others])
        stay = choose(rollback.others, "stays as it is", "stay as they are")
        yield f"  {names} of the same deployment {stay}."
    for note in rollback.notes:
        yield f"  note: {note}"


def list_running(body: Mapping[str, Any]) -> list[str]:
    """What a manifest makes run that can do harm: models, images and service accounts, each once.

    It comes out of a record that others may write too, so that whoever answers sees it.
    """
    return list(dict.fromkeys(_find_running(body)))


def _find_running(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _RUNNING and isinstance(inner, str) and inner:
                yield f"{_RUNNING[key]}{inner if inner.isprintable() else json.dumps(inner)}"
            else:
                yield from _find_running(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _find_running(inner)


def show_rolled_back(rollback: Rollback) -> str:
    """What was done, and what comes next."""
    mark = rollback.mark
    return (
        f"{rollback.name}: rolled back to {describe_set(mark.shares)}.\n"
        f"  Sync leaves it alone until {mark.until:%Y-%m-%d %H:%M:%S} UTC, and then makes it as git says: "
        "put that right meanwhile.\n"
        f"  To end it earlier: modelsync emergency end {rollback.name}"
    )


def show_ended(name: str, mark: EmergencyMark) -> str:
    """That sync may write the deployment again."""
    return clean_screen(
        f"{name}: the emergency of {mark.by} ({mark.reason}) has ended. The next sync makes it as git says: "
        f"modelsync sync --only {name}"
    )
