"""When a target counts as unhealthy: what failed, and what has been waiting for too long without a date."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from reconciler.pipeline.sync.records import find_unhealthy
from reconciler.state.inventory import Condition, TargetRecord
from reconciler.state.objects import SELDON_DEPLOYMENT, ObjectKey
from reconciler.state.observations import Health, HealthWord

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
STARTUP = 600
LATE = timedelta(seconds=STARTUP + 1)
KEY = ObjectKey(kind=SELDON_DEPLOYMENT, namespace="ns", name="wines")


def record(sick_since: datetime | None) -> TargetRecord:
    if sick_since is None:
        return TargetRecord(conditions=(Condition(type="Healthy", status="True", reason="Current"),))
    condition = Condition(type="Healthy", status="False", reason="InProgress", since=sick_since)
    return TargetRecord(conditions=(condition,))


@pytest.mark.parametrize(
    ("word", "since", "sick_since", "unhealthy"),
    [
        (HealthWord.CURRENT, None, None, False),
        (HealthWord.FAILED, None, None, True),
        (HealthWord.FAILED, NOW, NOW, True),
        # Dated: its own deadline decides, and has not.
        (HealthWord.IN_PROGRESS, NOW, NOW - LATE, False),
        (HealthWord.IN_PROGRESS, None, NOW - LATE, True),
        (HealthWord.IN_PROGRESS, None, NOW - timedelta(seconds=STARTUP), False),
        (HealthWord.IN_PROGRESS, None, None, False),
        (HealthWord.NOT_FOUND, None, NOW - LATE, True),
        (HealthWord.TERMINATING, None, NOW - LATE, True),
        (HealthWord.UNKNOWN, None, NOW - LATE, False),
        (HealthWord.CURRENT, NOW, NOW - LATE, False),
    ],
)
def test_what_is_unhealthy(
    word: HealthWord, since: datetime | None, sick_since: datetime | None, *, unhealthy: bool
) -> None:
    health = (Health(key=KEY, word=word, since=since),)

    assert find_unhealthy(health, record(sick_since), STARTUP, NOW) is unhealthy


def test_a_record_that_knows_nothing_yet_makes_nothing_late() -> None:
    health = (Health(key=KEY, word=HealthWord.IN_PROGRESS),)

    assert not find_unhealthy(health, TargetRecord(), STARTUP, NOW)
