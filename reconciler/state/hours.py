"""When hours that come back every week begin and end, by the clock of a place. Pure.

A clock that is put forward leaves out some times of the day, and one that is put back shows some twice. What
is left out counts as the moment at which the clock jumps. Of what is shown twice, a freeze begins with the
first and ends with the second, and a window opens with the second and closes with the first: changes rather
wait for an hour than come an hour too early.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconciler.state.exceptions import Weekly

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# No span is longer than a week, and no clock is a whole day away from UTC.
_BACK, _AHEAD = 9, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From a moment to another, the end not included."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies within."""
        return self.start <= moment < self.end


def find_zone(name: str) -> tzinfo | None:
    """The time zone of an IANA name; None where there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # Names such as ".." or that of a folder raise the other two.
        return None


def list_spans(weekly: Weekly, now: datetime, *, strict: bool) -> tuple[Span, ...]:
    """The spans of `weekly` from about a week before `now` to about a week after it, in order, merged.

    `strict` tells which of two equal clock times counts: a freeze covers both, a window none. Raises
    ValueError for a zone that does not exist.
    """
    zone = find_zone(weekly.zone)
    if zone is None:
        raise ValueError(f"there is no time zone {weekly.zone}")
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=number) for number in range(-_BACK, _AHEAD + 1))
    spans = [
        _make_span(weekly, day, zone, strict=strict) for day in days if _DAYS[day.weekday()] in weekly.days
    ]
    return _merge([span for span in spans if span.start < span.end])


def _make_span(weekly: Weekly, day: date, zone: tzinfo, *, strict: bool) -> Span:
    start = datetime.combine(day, _read_clock(weekly.from_))
    end = _find_end(start, weekly.to)
    first, second = _find_moments(start, zone)
    last, again = _find_moments(end, zone)
    return Span(start=first, end=again) if strict else Span(start=second, end=last)


def _find_end(start: datetime, to: str) -> datetime:
    """The first time after `start`, by the same clock, that shows `to`."""
    weekday, _, clock = to.rpartition(" ")
    end = datetime.combine(start.date(), _read_clock(clock))
    step = timedelta(days=1)
    while end <= start or (weekday and _DAYS[end.weekday()] != weekday):
        end += step
    return end


def _find_moments(clock: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first and the last moment at which the clock of the zone shows this."""
    early = clock.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)
    late = clock.replace(tzinfo=zone, fold=1).astimezone(timezone.utc)
    if early <= late:
        return early, late
    jump = _find_jump(late, early, zone)
    return jump, jump


def _find_jump(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The moment between the two at which the clock is put forward, to the second."""
    offset = before.astimezone(zone).utcoffset()
    second = timedelta(seconds=1)
    while after - before > second:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _merge(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(start=merged[-1].start, end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def _read_clock(text: str) -> time:
    return time(int(text[:2]), int(text[3:5]))
