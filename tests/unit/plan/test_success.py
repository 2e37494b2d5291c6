"""What a record tells of the last attempt and success, and of fights."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from reconciler.plan.fights import list_fights
from reconciler.plan.success import find_attempt, find_success, is_synced
from reconciler.state.figures import RunFailure, RunFigures
from reconciler.state.inventory import Condition, Reversal, TargetRecord
from reconciler.state.objects import SELDON_DEPLOYMENT, ObjectKey

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
EQUAL = TargetRecord(
    heartbeat=NOON,
    conditions=(
        Condition(type="Healthy", status="False", reason="Failed"),
        Condition(type="Synced", status="True", reason="Applied"),
    ),
)
UNEQUAL = replace(EQUAL, conditions=(Condition(type="Synced", status="False", reason="Refused"),))
FIGURES = RunFigures(finished=NOON, outcome=5, seconds=1.0, succeeded=NOON - 30 * MINUTE)


def test_while_equal_each_heartbeat_is_a_success_whatever_the_health() -> None:
    assert is_synced(EQUAL)
    assert find_success(EQUAL) == NOON


def test_else_the_figures_remember_it() -> None:
    assert not is_synced(UNEQUAL)
    assert find_success(UNEQUAL) is None
    assert find_success(replace(UNEQUAL, figures=FIGURES)) == NOON - 30 * MINUTE


def test_the_latest_word_of_any_run_is_the_last_attempt() -> None:
    assert find_attempt(TargetRecord()) is None
    assert find_attempt(EQUAL) == NOON
    later = replace(EQUAL, figures=replace(FIGURES, finished=NOON + MINUTE))
    assert find_attempt(later) == NOON + MINUTE
    failure = RunFailure(at=NOON + 2 * MINUTE, revision="", outcome=3, message="no answer")
    assert find_attempt(replace(later, failure=failure)) == NOON + 2 * MINUTE


@pytest.mark.covers("B32")
@pytest.mark.parametrize(
    ("minutes", "fights"),
    [
        ((30, 20, 10), True),
        ((20, 10), False),
        # Too slow to be a fight.
        ((90, 20, 10), False),
        # Over for an hour.
        ((80, 70, 60), False),
        ((200, 30, 20, 10), True),
    ],
)
def test_three_rounds_within_an_hour_are_a_fight_until_an_hour_of_rest(
    minutes: tuple[int, ...], *, fights: bool
) -> None:
    item = Reversal(
        key=ObjectKey(kind=SELDON_DEPLOYMENT, namespace="n", name="wines"),
        manager="argo",
        times=tuple(NOON - number * MINUTE for number in minutes),
    )
    assert list_fights((item,), NOON) == ((item,) if fights else ())
