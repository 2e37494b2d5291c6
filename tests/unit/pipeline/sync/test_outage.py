"""What is done while the repository cannot be reached: drift alone, and only of what is applied."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from reconciler.clients.source.interface import Revision, SourceUnreachable
from reconciler.pipeline.sync.outage import Outage, check_applied, describe_age, hold_for_outage
from reconciler.state.objects import SELDON_DEPLOYMENT, ObjectKey
from reconciler.state.plans import Cause, Change, Op, Plan
from reconciler.state.targets import Target

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
APPLIED = "main@sha1:" + "4" * 40


def change(op: Op, cause: Cause) -> Change:
    name = f"{op.value}-{cause.value}"
    key = ObjectKey(kind=SELDON_DEPLOYMENT, namespace="ns", name=name)
    return Change(op=op, cause=cause, key=key, deployment=name)


@pytest.mark.covers("B4")
def test_only_drift_is_healed() -> None:
    changes = tuple(change(op, cause) for op in Op for cause in Cause)
    plan = Plan(target=Target(environment="e", namespace="ns"), revision="r", digest="d", changes=changes)

    held = hold_for_outage(plan)

    assert {item.key.name for item in held.changes if item.op is not Op.SKIP} == {
        "create-drift",
        "update-drift",
    }
    waiting = [item for item in held.changes if item.held]
    assert all("waits until the repository can be reached again" in item.reason for item in waiting)
    # What was skipped before is so for its own reason.
    assert len(waiting) == len(changes) - 2 - len(Cause)


@pytest.mark.covers("B4")
def test_nothing_is_compared_where_another_commit_is_applied() -> None:
    check_applied(APPLIED, APPLIED, NOW)
    check_applied(APPLIED, APPLIED.replace("main", "release"), NOW)
    for applied in ("", "main@sha1:" + "5" * 40):
        with pytest.raises(SourceUnreachable, match="is not what is applied") as raised:
            check_applied(applied, APPLIED, NOW)
        assert raised.value.seen == NOW


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(0), "0 min"),
        (timedelta(minutes=119, seconds=59), "119 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(days=2), "2 days"),
        # A clock that was set back.
        (timedelta(hours=-1), "0 min"),
    ],
)
def test_an_age_in_words(age: timedelta, words: str) -> None:
    assert describe_age(NOW, NOW - age) == words


def test_an_outage_names_what_is_used_its_age_and_why() -> None:
    outage = Outage(
        reason="git.example.com: the server could not be reached.",
        revision=Revision(ref="main", sha="4" * 40),
        seen=NOW - timedelta(hours=3),
    )

    said = outage.describe(NOW)

    assert f"{APPLIED} is used, which it last named 3 h ago" in said
    assert said.endswith("the server could not be reached.")
