"""When things came to be as they are, read from what the API server and the controllers note themselves.

All times are the cluster's own and are whole seconds (metav1.Time), so that comparing two of them needs no
clock of ours and is right to a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler.observe.routes import read_kubernetes_time
from reconciler.state.objects import Body


def read_time(text: Any) -> datetime | None:
    """A time as the API server writes it (`2026-11-23T14:03:00Z`, or with a fraction); None for no time."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return read_kubernetes_time(text)
    except ValueError:
        return None


def find_edit_time(body: Body, *, own: bool = False) -> datetime | None:
    """When the spec was last written: field managers carry the time of their last change.

    Where managed fields were stripped, the time of creation. Labels written by the same manager count too,
    so this may be late, never early. With `own`, writes through a subresource (scaling) do not count.
    """
    times = [
        time
        for entry in _entries(body)
        if "f:spec" in (entry.get("fieldsV1") or {})
        and not (own and entry.get("subresource"))
        and (time := read_time(entry.get("time")))
    ]
    return max(times, default=read_time(_metadata(body).get("creationTimestamp")))


def find_status_time(body: Body) -> datetime | None:
    """When the status last changed; None if it never did, or if managed fields were stripped."""
    times = [
        time
        for entry in _entries(body)
        if "f:status" in (entry.get("fieldsV1") or {}) and (time := read_time(entry.get("time")))
    ]
    return max(times, default=None)


def find_deletion_time(body: Body) -> datetime | None:
    """When the object was asked to go (its grace period included, where it has one)."""
    return read_time(_metadata(body).get("deletionTimestamp"))


def find_condition(body: Body, type_: str) -> Mapping[str, Any] | None:
    """The condition of this type in the object's status."""
    for condition in (body.get("status") or {}).get("conditions") or ():
        if condition.get("type") == type_:
            return dict(condition)
    return None


def latest(*times: datetime | None) -> datetime | None:
    """The latest of those that are known."""
    return max((time for time in times if time is not None), default=None)


def _entries(body: Body) -> Iterator[Mapping[str, Any]]:
    yield from _metadata(body).get("managedFields") or ()


def _metadata(body: Body) -> Mapping[str, Any]:
    return body.get("metadata") or {}
