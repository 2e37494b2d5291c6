"""What the dates and times that people write stand for: a day begins and ends in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

# The day after it cannot be told any more.
_LAST_DAY = datetime(9999, 12, 31, tzinfo=timezone.utc)


def start_of(text: str) -> datetime:
    """The moment at which something written so begins; a date alone begins with its day.

    Raises ValueError for a text that is not a date or a UTC time.
    """
    if "T" not in text:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    pattern = "%Y-%m-%dT%H:%M:%SZ" if text.count(":") == 2 else "%Y-%m-%dT%H:%MZ"
    return datetime.strptime(text, pattern).replace(tzinfo=timezone.utc)


def end_of(text: str) -> datetime:
    """The moment at which something written so ends; a date alone ends with its day.

    Raises ValueError for a text that is not a date or a UTC time.
    """
    start = start_of(text)
    if "T" in text or start >= _LAST_DAY:
        return start
    return start + timedelta(days=1)


def find_end(text: str) -> datetime | None:
    """As `end_of`; None where a text of the right form names a day that does not exist."""
    try:
        return end_of(text)
    except ValueError:
        return None
