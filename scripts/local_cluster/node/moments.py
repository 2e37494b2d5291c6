"""The time as the API writes it."""

from __future__ import annotations

import datetime


def now() -> datetime.datetime:
    """The present moment."""
    return datetime.datetime.now(datetime.timezone.utc)


def seconds(moment: datetime.datetime) -> str:
    """A moment as `metav1.Time`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def microseconds(moment: datetime.datetime) -> str:
    """A moment as `metav1.MicroTime`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
