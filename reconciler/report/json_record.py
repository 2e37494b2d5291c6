"""What holds a target back, as JSON; and the pieces that it shares with the other shapes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.plan.fights import list_fights
from reconciler.plan.success import find_attempt, find_success
from reconciler.state.documents import Location
from reconciler.state.figures import RunFailure
from reconciler.state.inventory import BackOff, TargetRecord
from reconciler.state.runs import TargetStatus
from reconciler.state.shares import Share

Json = Mapping[str, Any]


def show_holds(state: TargetStatus) -> Json:
    """What a person, an exception, another writer or a failure holds back."""
    record = state.record or TargetRecord()
    fights = list_fights(record.reversals, state.at) if state.at is not None else ()
    return {
        "at": show_time(state.at),
        "lastAttempt": show_time(find_attempt(record)),
        "lastSuccess": show_time(find_success(record)),
        "forged": record.forged,
        "exceptions": [
            {
                "kind": item.kind.value,
                "deployment": item.deployment,
                "reason": item.reason,
                "until": show_time(item.until),
            }
            for item in state.exceptions
        ],
        "emergencies": [
            {
                "deployment": mark.deployment,
                "by": mark.by,
                "reason": mark.reason,
                "since": show_time(mark.since),
                "until": show_time(mark.until),
                "active": state.at is not None and mark.holds(state.at),
                "shares": show_shares(mark.shares),
            }
            for mark in record.marks
        ],
        "takenBack": [
            {
                "object": str(item.key),
                "manager": item.manager,
                "times": [show_time(time) for time in item.times],
                "fight": item in fights,
            }
            for item in record.reversals
        ],
        "backOff": _show_backoff(record.backoff) if record.backoff is not None else None,
        "failure": _show_failure(record.failure) if record.failure is not None else None,
    }


def _show_backoff(backoff: BackOff) -> Json:
    return {
        "revision": backoff.revision,
        "failures": backoff.failures,
        "until": show_time(backoff.until),
        "reason": backoff.reason,
    }


def _show_failure(failure: RunFailure) -> Json:
    return {
        "at": show_time(failure.at),
        "revision": failure.revision,
        "outcome": failure.outcome,
        "message": failure.message,
        "seen": show_time(failure.seen),
        "wentOn": failure.went_on,
    }


def show_place(place: Location) -> Json:
    """The stretch of a file, counted as a Location counts."""
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def show_time(time: datetime | None) -> str | None:
    """ISO 8601; null for no time."""
    return time.isoformat() if time is not None else None


def show_shares(shares: tuple[Share, ...] | None) -> list[Json] | None:
    """Each share; null where there is no such side."""
    if shares is None:
        return None
    return [
        {
            "predictor": share.predictor,
            "version": share.version,
            "shadow": share.shadow,
            "percent": share.percent,
        }
        for share in shares
    ]
