"""What a freeze says at a moment. Pure.

An end that is no date that exists is told by validate; here a freeze goes on as if it had no end, since a
slip of the pen must not let loose what somebody wanted to be left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reconciler.state.exceptions import Freeze, Weekly
from reconciler.state.hours import Span, list_spans
from reconciler.state.moments import end_of, start_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Freezing:
    """A freeze that holds now: its end as people read it, and as a moment where it has one."""

    said: str
    until: datetime | None


def find_freeze(freeze: Freeze, now: datetime) -> Freezing | None:
    """Until when this freeze holds; None if it does not hold now."""
    if not goes_on(freeze.until, now) or not _has_begun(freeze.from_, now):
        return None
    ends = read_moment(freeze.until, end=True)
    if freeze.weekly is None:
        return Freezing(said=freeze.until, until=next(iter(ends), None))
    try:
        span = find_span(freeze.weekly, now, strict=True)
    except ValueError as error:
        return Freezing(said=f"{freeze.until}, as {error}", until=next(iter(ends), None))
    if span is None:
        return None
    end = min((*ends, span.end))
    return Freezing(said=f"{end:%Y-%m-%d %H:%M} UTC", until=end)


def find_span(weekly: Weekly, now: datetime, *, strict: bool) -> Span | None:
    """The span that holds now. `strict` is for freezes: it raises ValueError for a zone that is not known."""
    spans = list_spans(weekly, now, strict=strict) if strict else list_known(weekly, now, strict=strict)
    return next((span for span in spans if span.holds(now)), None)


def list_known(weekly: Weekly, now: datetime, *, strict: bool) -> tuple[Span, ...]:
    """The spans, none where the zone is not known: such a window never opens."""
    try:
        return list_spans(weekly, now, strict=strict)
    except ValueError:
        return ()


def goes_on(until: str, now: datetime) -> bool:
    """Whether something with this end is not over; what ends on no date that exists never is."""
    return all(now < end for end in read_moment(until, end=True))


def _has_begun(start: str | None, now: datetime) -> bool:
    return start is None or all(moment <= now for moment in read_moment(start, end=False))


def read_moment(text: str, *, end: bool) -> tuple[datetime, ...]:
    """The moment that a text stands for; nothing for a date that does not exist."""
    try:
        return (end_of(text) if end else start_of(text),)
    except ValueError:
        return ()
