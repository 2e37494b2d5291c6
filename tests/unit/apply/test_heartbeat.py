"""When a record is to be marked as seen alive."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from reconciler.apply.recorder import HEARTBEAT, is_heartbeat_due
from reconciler.state.inventory import TargetRecord

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


@pytest.mark.covers("T13")
@pytest.mark.parametrize(
    ("beaten", "due"),
    [
        (None, True),
        (NOW, False),
        (NOW - HEARTBEAT + timedelta(seconds=1), False),
        (NOW - HEARTBEAT, True),
        # By another clock: as long as it stood, nobody would notice that nobody looks any more.
        (NOW + timedelta(seconds=1), True),
    ],
)
def test_every_ten_minutes_and_after_a_time_that_is_yet_to_come(beaten: datetime | None, due: bool) -> None:
    assert is_heartbeat_due(TargetRecord(exists=True, heartbeat=beaten), NOW) is due


def test_not_where_there_is_no_record() -> None:
    assert not is_heartbeat_due(TargetRecord(), NOW)
