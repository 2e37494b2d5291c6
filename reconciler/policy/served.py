"""What the history says of single versions, as rules about promotion ask for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from reconciler.policy.changes import Pin, list_live
from reconciler.policy.context import Context
from reconciler.policy.placed import PlacedDeployment
from reconciler.state.history import History, ServedSpan

WAY_OUT = "the clone is cut short (git fetch --unshallow, in CI fetch-depth: 0)"
"""What is said where the history does not go back far enough."""


def list_upstream(deployment: PlacedDeployment) -> tuple[str, ...]:
    """The environments that the versions of a deployment come from; none where nobody can read it."""
    entry = deployment.environment.environment
    return () if entry is None else entry.declaration.upstream


def find_spans(history: History, environment: str, pin: Pin) -> tuple[ServedSpan, ...]:
    """When an environment was given a version, by time."""
    return history.find_version(environment, pin.model, pin.version, pin.digest)


def find_answers(history: History, environment: str, pin: Pin) -> tuple[ServedSpan, ...]:
    """When a version answered live requests of an environment."""
    return tuple(span for span in find_spans(history, environment, pin) if not span.shadow)


def is_return(context: Context, environment: str, pin: Pin, before: Iterable[Pin]) -> bool:
    """Whether a version is the way back: lower than one that answers, and it answered here before that did.

    One that came beside or after a higher one, however small its share, was not what is gone back to.
    """
    history = context.history
    higher = [old for old in list_live(before) if old.model == pin.model and old.version > pin.version]
    if history is None or not higher:
        return False
    answers = find_answers(history, environment, pin)
    if not answers:
        return False
    first = min(span.since for span in answers)
    return all(first < span.since for old in higher for span in find_answers(history, environment, old)[:1])


def say_time(moment: datetime) -> str:
    """`2026-11-23 16:05 UTC`."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def say_length(length: timedelta) -> str:
    """`26 h`, `3 h 20 min`, `40 min`, and in days from three on; rounded down."""
    minutes = int(length.total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours >= 72:
        return f"{hours // 24} d {hours % 24} h" if hours % 24 else f"{hours // 24} d"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
