"""When a target was last as declared, as far as its record tells. Pure."""

from __future__ import annotations

from datetime import datetime

from reconciler.state.inventory import TargetRecord


def find_success(record: TargetRecord) -> datetime | None:
    """When a run last found or made the target equal; None for never, as far as the record tells.

    Runs that write nothing show by the heartbeat, which is renewed every ten minutes at most.
    """
    if is_synced(record):
        return record.heartbeat
    return record.figures.succeeded if record.figures is not None else None


def find_attempt(record: TargetRecord) -> datetime | None:
    """When a run last told of itself here, however it ended."""
    times = (
        record.heartbeat,
        record.figures.finished if record.figures is not None else None,
        record.failure.at if record.failure is not None else None,
    )
    return max((time for time in times if time is not None), default=None)


def is_synced(record: TargetRecord) -> bool:
    """Whether the last run that looked found or made the target equal."""
    return any(item.type == "Synced" and item.status == "True" for item in record.conditions)
