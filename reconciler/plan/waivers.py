"""Waivers: whether one still holds, and how one is written."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from reconciler.state.declarations import Waiver


def is_active(waiver: Waiver, now: datetime) -> bool:
    """Whether the waiver has not ended; a date alone ends with its day (UTC).

    One whose end is no date that exists allows nothing: validate tells of it, and a run must not stumble.
    """
    try:
        return now < end_of(waiver.until)
    except ValueError:
        return False


def end_of(until: str) -> datetime:
    """The moment at which an exception ends.

    Raises ValueError for a text that is not a date or a UTC time.
    """
    if "T" not in until:
        day = datetime.strptime(until, "%Y-%m-%d").replace(tzinfo=timezone.utc)
        return day + timedelta(days=1)
    pattern = "%Y-%m-%dT%H:%M:%SZ" if until.count(":") == 2 else "%Y-%m-%dT%H:%MZ"
    return datetime.strptime(until, pattern).replace(tzinfo=timezone.utc)


def write_waiver(environment: str, rule: str, objects: tuple[str, ...], now: datetime) -> str:
    """The lines of exceptions.yaml that would allow what `rule` refuses, for a week."""
    until = (now + timedelta(days=7)).date().isoformat()
    return (
        f"  environments/{environment}/exceptions.yaml\n"
        "    waivers:\n"
        f"      - {{rule: {rule}, objects: [{', '.join(objects)}], reason: …, until: {until}}}"
    )
