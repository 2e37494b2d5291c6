"""Is a commit served, has it failed, or is it still awaited? A record and a look, one answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from reconciler.plan.awaiting import Awaited, Sight, Verdict, find_difference, judge_sight
from reconciler.state.figures import RunFailure
from reconciler.state.inventory import ObjectResult, RunSummary, TargetRecord
from reconciler.state.observations import Health, HealthWord
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action
from tests.support.worlds import (
    EARLIER,
    REVISION,
    TARGET,
    apply,
    make_manifest,
    set_label,
    set_traffic,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
WINES, PRICES = make_manifest(shares={"v3": 90, "v5": 10}), make_manifest("prices")
SHA = REVISION.rpartition(":")[2]
AWAITED = Awaited(sha=SHA, keys=(WINES.key,))
TAKEN = TargetRecord(exists=True, attempted=REVISION)
DIFFERS = "SeldonDeployment/wines is not as declared: spec.predictors"
SHORT = "main@sha1:77ad03e"


def ran(outcome: Outcome, *results: ObjectResult, revision: str = REVISION) -> TargetRecord:
    """A record of a run that ended so."""
    run = RunSummary(revision=revision, finished=NOON, outcome=int(outcome), summary="2 of 3 failed")
    return replace(TAKEN, history=(run,), results=results)


def result(action: Action, message: str, *, other: bool = False) -> ObjectResult:
    return ObjectResult(key=PRICES.key if other else WINES.key, action=action, message=message)


def failure(outcome: Outcome, revision: str = REVISION, *, went_on: bool = False) -> TargetRecord:
    failed = RunFailure(
        at=NOON, revision=revision, outcome=int(outcome), message="a right is missing", went_on=went_on
    )
    return TargetRecord(exists=True, attempted=EARLIER, failure=failed)


def healthy(word: HealthWord, reason: str = "", *, late: bool = False) -> Sight:
    return Sight(record=TAKEN, health=(Health(key=WINES.key, word=word, reason=reason),), late=late)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (TargetRecord(), "no run has synced this target yet"),
        (
            TargetRecord(exists=True, attempted=EARLIER),
            f"no run has taken it up yet; the last one was about {SHORT}",
        ),
        (replace(TAKEN, forged=True), "the target's record is not as modelsync wrote it"),
        (failure(Outcome.UNDECIDED), "the last run ended early: a right is missing"),
        (failure(Outcome.FINDINGS, EARLIER), "the last run ended early: a right is missing"),
        (failure(Outcome.CONFIGURATION, ""), "the last run ended early: a right is missing"),
        (
            failure(Outcome.CONFIGURATION, went_on=True),
            f"no run has taken it up yet; the last one was about {SHORT}",
        ),
    ],
)
def test_before_a_run_decided_anything_it_is_awaited(record: TargetRecord, reason: str) -> None:
    assert judge_sight(AWAITED, Sight(record=record)) == Verdict(outcome=None, reason=reason)


@pytest.mark.parametrize(
    ("ended", "verdict"),
    [
        (Outcome.REFUSED, Outcome.REFUSED),
        (Outcome.FINDINGS, Outcome.FINDINGS),
        (Outcome.CONFIGURATION, Outcome.FINDINGS),
    ],
)
def test_a_run_of_this_commit_that_ended_early_for_good_decides(ended: Outcome, verdict: Outcome) -> None:
    assert judge_sight(AWAITED, Sight(record=failure(ended))) == Verdict(
        outcome=verdict, reason="a right is missing"
    )


def test_what_is_as_declared_and_current_is_served() -> None:
    assert judge_sight(AWAITED, healthy(HealthWord.CURRENT)).outcome is Outcome.DONE


def test_that_others_failed_or_were_refused_does_not_matter_then() -> None:
    others = result(Action.FAILED, "13 brings bad luck", other=True)
    for outcome in (Outcome.FINDINGS, Outcome.REFUSED):
        sight = replace(healthy(HealthWord.CURRENT), record=ran(outcome, others))
        assert judge_sight(AWAITED, sight).outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("sight", "outcome", "reason"),
    [
        (healthy(HealthWord.FAILED, "v5: image pull"), Outcome.UNHEALTHY, "is Failed: v5: image pull"),
        (healthy(HealthWord.IN_PROGRESS, "v5: 0 of 1"), None, "is InProgress: v5: 0 of 1"),
        (healthy(HealthWord.IN_PROGRESS, "v5", late=True), Outcome.UNHEALTHY, "is InProgress: v5"),
        (healthy(HealthWord.TERMINATING), None, "is Terminating"),
    ],
)
def test_what_is_not_current_is_awaited_until_its_deadline(
    sight: Sight, outcome: Outcome | None, reason: str
) -> None:
    assert judge_sight(AWAITED, sight) == Verdict(outcome=outcome, reason=f"SeldonDeployment/wines {reason}")


def test_of_several_what_failed_is_told() -> None:
    health = (
        Health(key=PRICES.key, word=HealthWord.IN_PROGRESS),
        Health(key=WINES.key, word=HealthWord.FAILED, reason="v5"),
    )
    verdict = judge_sight(AWAITED, Sight(record=TAKEN, health=health))
    assert (verdict.outcome, verdict.reason) == (Outcome.UNHEALTHY, "SeldonDeployment/wines is Failed: v5")


@pytest.mark.parametrize(
    ("record", "outcome", "reason"),
    [
        (
            ran(Outcome.FINDINGS, result(Action.FAILED, "13 brings bad luck")),
            Outcome.FINDINGS,
            "SeldonDeployment/wines: 13 brings bad luck",
        ),
        (ran(Outcome.REFUSED), Outcome.REFUSED, "2 of 3 failed"),
        (
            ran(Outcome.REFUSED, result(Action.SKIPPED, "is refused by one-shadow")),
            Outcome.REFUSED,
            "SeldonDeployment/wines is refused by one-shadow",
        ),
        (
            ran(Outcome.FINDINGS, result(Action.SKIPPED, "exists, and modelsync did not make it")),
            Outcome.FINDINGS,
            "SeldonDeployment/wines exists, and modelsync did not make it",
        ),
        (
            ran(Outcome.DONE, result(Action.SKIPPED, "waits: changes are frozen until 2099-01-01")),
            None,
            "SeldonDeployment/wines waits: changes are frozen until 2099-01-01",
        ),
        (ran(Outcome.DONE), None, DIFFERS),
        (ran(Outcome.REFUSED, revision=EARLIER), None, DIFFERS),
        (TAKEN, None, DIFFERS),
    ],
    ids=[
        "failed",
        "refused",
        "refused alone",
        "foreign",
        "frozen",
        "not yet",
        "another commit",
        "no history",
    ],
)
def test_what_is_not_as_declared_is_judged_by_the_run(
    record: TargetRecord, outcome: Outcome | None, reason: str
) -> None:
    assert judge_sight(AWAITED, Sight(record=record, difference=DIFFERS)) == Verdict(
        outcome=outcome, reason=reason
    )


def test_an_end_is_awaited_until_the_object_is_gone() -> None:
    ending = Awaited(sha=SHA, keys=(WINES.key,), gone=True)
    there = Sight(record=TAKEN, difference="SeldonDeployment/wines is still there")
    assert judge_sight(ending, there).outcome is None
    assert judge_sight(ending, Sight(record=TAKEN)).outcome is Outcome.DONE


class TestDifference:
    MANAGER = TARGET.field_manager

    def test_what_was_applied_is_equal_whatever_the_commit(self) -> None:
        again = make_manifest(shares={"v3": 90, "v5": 10}, commit="")
        assert find_difference(again, apply(WINES), self.MANAGER) == ""

    def test_fields_of_others_are_no_difference(self) -> None:
        assert find_difference(WINES, set_label(apply(WINES), "team", "wine"), self.MANAGER) == ""

    def test_an_edit_and_another_set_are_told_by_their_first_field(self) -> None:
        edited = set_traffic(apply(WINES), {"v3": 50, "v5": 50})
        said = find_difference(WINES, edited, self.MANAGER)
        assert said.startswith("SeldonDeployment/wines is not as declared: spec.predictors[v3].traffic and ")
        other = find_difference(make_manifest(protocol="seldon"), apply(make_manifest()), self.MANAGER)
        assert "modelsync.dev/digest" in other or "spec.protocol" in other

    def test_one_field_is_told_alone(self) -> None:
        edited = set_label(apply(WINES), "modelsync.dev/model", "x")
        assert find_difference(WINES, edited, self.MANAGER) == (
            "SeldonDeployment/wines is not as declared: metadata.labels[modelsync.dev/model]"
        )

    def test_what_is_not_there(self) -> None:
        assert find_difference(WINES, None, self.MANAGER) == "SeldonDeployment/wines is not in the cluster"
