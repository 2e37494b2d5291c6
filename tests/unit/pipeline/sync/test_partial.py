"""What a run of single deployments says of the whole target: never that it is at another commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from reconciler.pipeline.sync.records import RunFacts, build_record
from reconciler.plan.backoff import fail_again
from reconciler.state.inventory import Condition, InventoryEntry, ObjectResult, TargetRecord
from reconciler.state.objects import Manifest
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action, Plan
from tests.support.worlds import EARLIER, REVISION, TARGET, make_manifest

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
WINES, PRICES = make_manifest("wines"), make_manifest("prices")
REFUSED = ObjectResult(key=WINES.key, action=Action.FAILED, message="13 brings bad luck")


def make_known(applied: str, status: str = "True") -> TargetRecord:
    synced = Condition(type="Synced", status=status, reason="Applied", since=NOW)
    return TargetRecord(exists=True, applied=applied, digest="sha256:1", conditions=(synced,))


FACTS = RunFacts(
    plan=Plan(target=TARGET, revision=REVISION, digest="sha256:2"),
    manifests=(),
    entries=(),
    results=(),
    health=(),
    outcome=Outcome.DONE,
    summary="nothing to do",
    wrote=True,
    namespace_uid="",
    now=NOW,
)


def run_partly(known: TargetRecord, outcome: Outcome = Outcome.DONE, *, partial: bool = True) -> TargetRecord:
    return build_record(known, replace(FACTS, outcome=outcome, partial=partial))


def synced(record: TargetRecord) -> tuple[str, str, str]:
    (found,) = (item for item in record.conditions if item.type == "Synced")
    return found.status, found.reason, found.message


@pytest.mark.parametrize("applied", ["", EARLIER])
def test_at_another_commit_the_target_is_not_all_there(applied: str) -> None:
    record = run_partly(make_known(applied))

    assert (record.applied, record.digest, record.attempted) == (applied, "sha256:1", REVISION)
    assert synced(record) == ("False", "Partial", f"single deployments alone were synced to {REVISION}")
    whole = run_partly(record, partial=False)
    assert (whole.applied, synced(whole)[0]) == (REVISION, "True")


def test_a_target_that_was_there_stays_there() -> None:
    record = run_partly(make_known(REVISION))

    assert (record.applied, synced(record)) == (REVISION, ("True", "Applied", ""))


def test_what_was_not_equal_before_is_not_made_so() -> None:
    assert synced(run_partly(make_known(REVISION, "False")))[:2] == ("False", "Partial")


def test_a_run_that_failed_says_why() -> None:
    failed = run_partly(make_known(EARLIER), Outcome.FINDINGS)

    assert synced(failed) == ("False", "Findings", "nothing to do")


class TestWhatFailedElsewhere:
    """Prices alone was synced, and wines failed before."""

    FAILED = replace(
        make_known(REVISION, "False"), results=(REFUSED,), backoff=fail_again(None, REVISION, "why", NOW)
    )

    def run(self, *unchanged: Manifest, partial: bool = True, known: TargetRecord = FAILED) -> TargetRecord:
        facts = replace(
            FACTS,
            plan=replace(FACTS.plan, unchanged=tuple(item.key for item in unchanged)),
            manifests=(PRICES, WINES),
            entries=(InventoryEntry(key=PRICES.key, deployment="prices"),),
            partial=partial,
        )
        return build_record(known, facts)

    def test_it_waits_on_and_is_still_known(self) -> None:
        record = self.run(PRICES)
        assert (record.results, record.backoff) == (self.FAILED.results, self.FAILED.backoff)

    def test_it_is_over_once_it_went_well_itself(self) -> None:
        record = self.run(WINES)
        assert (record.results, record.backoff) == ((), None)

    def test_it_is_over_once_all_went_well(self) -> None:
        record = self.run(PRICES, WINES, partial=False)
        assert (record.results, record.backoff) == ((), None)

    def test_what_is_nowhere_any_more_is_forgotten(self) -> None:
        gone = replace(REFUSED, key=make_manifest("beers").key)
        record = self.run(PRICES, known=replace(self.FAILED, results=(gone,)))
        assert (record.results, record.backoff) == ((), None)

    def test_what_was_only_skipped_makes_nothing_wait(self) -> None:
        skipped = replace(REFUSED, action=Action.SKIPPED)
        record = self.run(PRICES, known=replace(self.FAILED, results=(skipped,)))
        assert (record.results, record.backoff) == ((skipped,), None)
