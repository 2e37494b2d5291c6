"""What a record says of a commit that failed: how long it waits, and what a run leaves that only waited."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from reconciler.pipeline.sync.records import RunFacts, build_record
from reconciler.plan.backoff import describe_wait, fail_again
from reconciler.state.inventory import (
    BackOff,
    Condition,
    EmergencyMark,
    InventoryEntry,
    ObjectResult,
    TargetRecord,
)
from reconciler.state.observations import Health, HealthWord
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action, Cause, Change, Op, Plan
from tests.support.worlds import EARLIER, REVISION, TARGET, make_manifest

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
WINES, PRICES = make_manifest("wines"), make_manifest("prices")
ENTRIES = tuple(InventoryEntry(key=item.key, deployment=item.deployment) for item in (PRICES, WINES))
REFUSED = ObjectResult(key=WINES.key, action=Action.FAILED, message="13 brings bad luck")

NEW = TargetRecord(exists=True)

pytestmark = pytest.mark.covers("B24")


def make_facts(
    *results: ObjectResult,
    outcome: Outcome = Outcome.FINDINGS,
    tried: bool = True,
    wrote: bool = False,
    reason: str = "",
    revision: str = REVISION,
    now: datetime = NOON,
) -> RunFacts:
    """A run in which wines was to change; with `reason` it was skipped for that."""
    change = Change(
        op=Op.SKIP if reason else Op.UPDATE,
        cause=Cause.REVISION,
        key=WINES.key,
        deployment="wines",
        manifest=WINES,
        reason=reason,
    )
    return RunFacts(
        plan=Plan(
            target=TARGET, revision=revision, digest="sha256:0", changes=(change,), unchanged=(PRICES.key,)
        ),
        manifests=(PRICES, WINES),
        entries=ENTRIES,
        results=results,
        health=(Health(key=PRICES.key, word=HealthWord.CURRENT),),
        outcome=outcome,
        summary="SeldonDeployment/wines failed: 13 brings bad luck",
        wrote=wrote,
        namespace_uid="life-1",
        now=now,
        tried=tried,
    )


def fail(known: TargetRecord = NEW, now: datetime = NOON) -> TargetRecord:
    return build_record(known, make_facts(REFUSED, now=now))


def wait(known: TargetRecord, *, now: datetime, wrote: bool = False) -> TargetRecord:
    """What a run leaves that held the commit back (and healed something else, if it wrote)."""
    assert known.backoff is not None
    reason = describe_wait(known.backoff)
    held = ObjectResult(key=WINES.key, action=Action.SKIPPED, message=reason)
    return build_record(known, make_facts(held, tried=wrote, wrote=wrote, reason=reason, now=now))


def test_a_failure_at_writing_makes_the_commit_wait_and_says_until_when() -> None:
    record = fail()

    assert record.backoff == fail_again(None, REVISION, "SeldonDeployment/wines: 13 brings bad luck", NOON)
    (synced,) = (item for item in record.conditions if item.type == "Synced")
    assert synced.message == (
        "SeldonDeployment/wines failed: 13 brings bad luck; not tried again before 2026-11-23 12:01:00 UTC"
    )


def test_a_run_that_only_waits_leaves_all_as_it_was() -> None:
    """So nothing is written for waiting, however long it takes."""
    record = fail()
    later = NOON + timedelta(seconds=30)

    assert wait(record, now=later) == replace(record, heartbeat=later)


def test_what_a_run_healed_while_it_waited_is_told_and_what_failed_is_still_known() -> None:
    record = fail()

    waited = wait(record, now=NOON + timedelta(seconds=30), wrote=True)

    assert waited.results == (REFUSED,)
    assert waited.backoff == record.backoff
    assert len(waited.history) == len(record.history) + 1


def test_the_next_failure_doubles_the_wait() -> None:
    again = fail(fail(), NOON + timedelta(minutes=1))

    assert again.backoff is not None
    assert (again.backoff.failures, again.backoff.until) == (2, NOON + timedelta(minutes=3))


@pytest.mark.parametrize(
    ("facts", "failures"),
    [
        (make_facts(outcome=Outcome.DONE), 0),
        (make_facts(outcome=Outcome.DONE, tried=False), 0),
        (make_facts(outcome=Outcome.UNHEALTHY), 0),
        # Something is skipped for another reason, but nothing failed.
        (make_facts(outcome=Outcome.FINDINGS), 0),
        (make_facts(outcome=Outcome.REFUSED, tried=False, revision=EARLIER), 0),
        # Nothing was decided about the commit.
        (make_facts(outcome=Outcome.UNDECIDED), 1),
        (make_facts(REFUSED, outcome=Outcome.UNDECIDED), 1),
        (make_facts(REFUSED, outcome=Outcome.CONFIGURATION), 1),
        (make_facts(outcome=Outcome.REFUSED, tried=False), 1),
        (make_facts(REFUSED), 2),
        (make_facts(REFUSED, revision=EARLIER), 1),
    ],
    ids=[
        "applied",
        "nothing to do",
        "unhealthy",
        "only skips",
        "another commit",
        "unreachable",
        "unreachable at an object",
        "a right is missing",
        "refused by a guard",
        "failed again",
        "another commit failed",
    ],
)
def test_what_a_run_makes_of_one_failure(facts: RunFacts, failures: int) -> None:
    backoff = build_record(fail(), facts).backoff

    assert (backoff.failures if backoff is not None else 0) == failures


def test_an_api_server_that_is_not_reached_makes_nothing_wait() -> None:
    facts = make_facts(REFUSED, outcome=Outcome.UNDECIDED)

    assert build_record(TargetRecord(), facts).backoff is None


class TestMarksAndConditions:
    def test_a_mark_goes_when_its_time_is_over(self) -> None:
        marks = tuple(
            EmergencyMark(
                deployment=name,
                by="ann",
                reason="",
                since=NOON,
                until=NOON + timedelta(hours=hours),
                shares=(),
            )
            for name, hours in (("prices", 1), ("wines", 2))
        )
        record = TargetRecord(exists=True, marks=marks)
        facts = make_facts(outcome=Outcome.DONE, now=NOON + timedelta(hours=1))

        assert build_record(record, facts).marks == marks[1:]

    def test_a_mark_that_a_clock_set_which_is_ahead_goes_as_well(self) -> None:
        mark = EmergencyMark(
            deployment="wines",
            by="ann",
            reason="",
            since=NOON + timedelta(days=365),
            until=NOON + timedelta(days=365, hours=1),
            shares=(),
        )
        facts = make_facts(outcome=Outcome.DONE, now=NOON)

        assert build_record(TargetRecord(exists=True, marks=(mark,)), facts).marks == ()

    def test_what_had_no_room_is_said_until_something_is_written_anew(self) -> None:
        lost = Condition(type="RecordComplete", status="False", reason="NoRoom", message="bodies")
        record = TargetRecord(exists=True, conditions=(lost,), backoff=None)

        def kinds(facts: RunFacts) -> list[str]:
            return [item.type for item in build_record(record, facts).conditions]

        assert kinds(make_facts(outcome=Outcome.DONE, tried=False)) == ["Healthy", "RecordComplete", "Synced"]
        assert kinds(make_facts(outcome=Outcome.DONE)) == ["Healthy", "Synced"]

    def test_a_condition_names_so_many_objects_and_counts_the_rest(self) -> None:
        health = tuple(
            Health(
                key=replace(WINES.key, name=f"m-{number:03}"), word=HealthWord.IN_PROGRESS, reason="starting"
            )
            for number in range(60)
        )
        record = build_record(TargetRecord(), replace(make_facts(outcome=Outcome.DONE), health=health))

        healthy = record.conditions[0]
        assert healthy.message.endswith("SeldonDeployment/m-049: starting; and 10 more")


def test_a_wait_that_is_another_commits_is_over() -> None:
    known = TargetRecord(backoff=BackOff(revision=EARLIER, failures=9, until=NOON, reason=""))

    assert fail(known).backoff == fail_again(
        None, REVISION, "SeldonDeployment/wines: 13 brings bad luck", NOON
    )
