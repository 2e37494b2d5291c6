"""Waivers: whether one still holds, and how one is written."""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.state.exceptions import Waiver
from reconciler.state.moments import end_of


def is_active(waiver: Waiver, now: datetime) -> bool:
    """Whether the waiver has not ended; a date alone ends with its day (UTC).

    One whose end is no date that exists allows nothing: validate tells of it, and a run must not stumble.
    """
    try:
        return now < end_of(waiver.until)
    except ValueError:
        return False


def write_waiver(environment: str, rule: str, objects: tuple[str, ...], now: datetime) -> str:
    """The lines of exceptions.yaml that would allow what `rule` refuses, for a week."""
    until = (now + timedelta(days=7)).date().isoformat()
    return (
        f"  environments/{environment}/exceptions.yaml\n"
        "    waivers:\n"
        f"      - {{rule: {rule}, objects: [{', '.join(objects)}], reason: …, until: {until}}}"
    )
