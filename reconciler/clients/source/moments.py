"""When a commit was made, as git counts it."""

from __future__ import annotations

from datetime import datetime, timezone

from reconciler.clients.source.interface import SourceCorrupt

# git keeps larger numbers than the calendar has days for; from here a few months can still be counted on.
_LAST = datetime(9999, 1, 1, tzinfo=timezone.utc)


def read_moment(seconds: str) -> datetime:
    """The UTC time of so many seconds since 1970; a time beyond year 9998 is the beginning of 9999.

    Raises SourceCorrupt where a commit has none: without it nobody can say how long anything served.
    """
    if not seconds.isdecimal():
        raise SourceCorrupt(
            "a commit of this history does not say when it was committed, so what served when is unknown; "
            "git fsck names it."
        )
    counted = min(int(seconds), int(_LAST.timestamp()))
    return datetime.fromtimestamp(counted, tz=timezone.utc)
