"""How long a commit waits that failed at being written, and what waits with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from reconciler.plan.backoff import FIRST_WAIT, LONGEST_WAIT, fail_again, find_held, foresee_wait, hold_back
from reconciler.state.inventory import BackOff, ObjectResult, TargetRecord
from reconciler.state.plans import Action, Cause, Change, Op, Plan
from tests.support.worlds import EARLIER, REVISION, TARGET, make_manifest

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)

pytestmark = pytest.mark.covers("B24", "T21")


def make_change(name: str, op: Op = Op.UPDATE, cause: Cause = Cause.REVISION, reason: str = "") -> Change:
    manifest = make_manifest(name)
    return Change(op=op, cause=cause, key=manifest.key, deployment=name, manifest=manifest, reason=reason)


def make_plan(*changes: Change, revision: str = REVISION) -> Plan:
    return Plan(target=TARGET, revision=revision, digest="sha256:0", changes=changes)


def make_record(*failed: str, until: datetime = NOON + timedelta(minutes=4)) -> TargetRecord:
    results = tuple(
        ObjectResult(key=make_manifest(name).key, action=Action.FAILED, message="refused") for name in failed
    )
    backoff = BackOff(revision=REVISION, failures=3, until=until, reason="SeldonDeployment/wines: refused")
    return TargetRecord(backoff=backoff, results=results)


def ops(plan: Plan) -> dict[str, Op]:
    return {change.deployment: change.op for change in plan.changes}


class TestHowLong:
    def test_the_wait_doubles_from_a_minute_up_to_half_an_hour(self) -> None:
        backoff: BackOff | None = None
        waits = []
        for _ in range(8):
            backoff = fail_again(backoff, REVISION, "refused", NOON)
            waits.append((backoff.until - NOON) / timedelta(minutes=1))

        assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
        assert timedelta(minutes=1) == FIRST_WAIT
        assert timedelta(minutes=30) == LONGEST_WAIT

    def test_failures_are_counted_without_end_and_the_newest_reason_is_kept(self) -> None:
        known = BackOff(revision=REVISION, failures=10_000, until=NOON, reason="an older one")

        backoff = fail_again(known, REVISION, "refused", NOON)

        assert backoff == BackOff(
            revision=REVISION, failures=10_001, until=NOON + LONGEST_WAIT, reason="refused"
        )

    def test_another_commit_starts_anew(self) -> None:
        known = BackOff(revision=EARLIER, failures=7, until=NOON, reason="refused")

        assert fail_again(known, REVISION, "refused", NOON).until == NOON + FIRST_WAIT
        assert fail_again(known, REVISION, "refused", NOON).failures == 1

    def test_what_an_api_server_says_at_length_is_cut(self) -> None:
        assert len(fail_again(None, REVISION, "x" * 100_000, NOON).reason) == 501


class TestWhatWaits:
    def test_all_that_the_commit_brings_waits_prunes_and_adoptions_included(self) -> None:
        plan = make_plan(
            make_change("new", Op.CREATE),
            make_change("wines"),
            make_change("taken", cause=Cause.ADOPTION),
            make_change("old", Op.DELETE, Cause.REMOVAL),
            make_change("older", Op.DELETE, Cause.RETIREMENT),
        )

        held = hold_back(plan, make_record("wines"), NOON)

        assert set(ops(held).values()) == {Op.SKIP}
        assert not held.writes
        assert find_held(held, make_record()) == {change.key for change in plan.changes}

    def test_drift_is_healed_meanwhile_unless_that_is_what_failed(self) -> None:
        plan = make_plan(make_change("prices", cause=Cause.DRIFT), make_change("wines", cause=Cause.DRIFT))

        assert ops(hold_back(plan, make_record("wines"), NOON)) == {"prices": Op.UPDATE, "wines": Op.SKIP}

    def test_what_is_skipped_for_another_reason_keeps_it(self) -> None:
        plan = make_plan(make_change("prices", Op.SKIP, reason="held by a person"), make_change("wines"))

        held = hold_back(plan, make_record(), NOON)

        assert held.changes[0].reason == "held by a person"
        assert find_held(held, make_record()) == {make_manifest("wines").key}

    def test_the_reason_says_what_failed_how_often_until_when_and_what_to_do(self) -> None:
        (change,) = hold_back(make_plan(make_change("wines")), make_record(), NOON).changes

        assert change.reason == (
            f"{REVISION} failed here 3 times, so it is not tried again before 2026-11-23 12:04:00 UTC: "
            "SeldonDeployment/wines: refused; push a commit that mends it, or try at once: "
            "modelsync sync --now"
        )

    def test_the_first_failure_is_told_as_one(self) -> None:
        record = TargetRecord(backoff=fail_again(None, REVISION, "refused", NOON))

        (change,) = hold_back(make_plan(make_change("wines")), record, NOON).changes

        assert "failed here once, so" in change.reason


class TestWhatDoesNotWait:
    def test_the_end_of_the_wait_is_its_end(self) -> None:
        plan = make_plan(make_change("wines"))
        record = make_record(until=NOON)

        assert hold_back(plan, record, NOON) == plan
        assert hold_back(plan, record, NOON - timedelta(seconds=1)) != plan

    @pytest.mark.covers("T13")
    def test_a_wait_that_a_clock_gave_which_was_ahead(self) -> None:
        plan = make_plan(make_change("wines"))

        assert hold_back(plan, make_record(until=NOON + timedelta(days=365)), NOON) == plan
        assert hold_back(plan, make_record(until=NOON + LONGEST_WAIT), NOON) != plan

    def test_another_commit(self) -> None:
        plan = make_plan(make_change("wines"), revision=EARLIER)

        assert hold_back(plan, make_record(), NOON) == plan

    def test_a_target_where_nothing_failed(self) -> None:
        plan = make_plan(make_change("wines"))

        assert hold_back(plan, TargetRecord(), NOON) == plan
        assert find_held(plan, replace(make_record(), backoff=None)) == frozenset()


class TestAPlanThatHoldsNothingBack:
    """`plan --live` shows what the commit changes, and says that sync waits with it."""

    def test_says_that_sync_waits_until_when_and_why(self) -> None:
        (said,) = foresee_wait(make_plan(make_change("wines")), make_record("wines"), NOON)
        assert "failed here 3 times, so it is not tried again before 2026-11-23 12:04:00 UTC" in said
        assert "modelsync sync --now" in said

    def test_knows_the_commit_by_another_name(self) -> None:
        here = REVISION.replace("main@", "HEAD@")
        assert here != REVISION
        assert foresee_wait(make_plan(make_change("wines"), revision=here), make_record(), NOON)

    def test_says_nothing_where_nothing_waits(self) -> None:
        changed = make_plan(make_change("wines"))
        drifted = make_plan(make_change("wines", cause=Cause.DRIFT))

        assert foresee_wait(make_plan(), make_record("wines"), NOON) == ()
        assert foresee_wait(drifted, make_record("prices"), NOON) == ()
        assert foresee_wait(changed, make_record(until=NOON), NOON) == ()
        assert foresee_wait(changed, TargetRecord(), NOON) == ()
        assert foresee_wait(replace(changed, revision=EARLIER), make_record("wines"), NOON) == ()
