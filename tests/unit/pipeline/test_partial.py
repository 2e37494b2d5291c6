"""What a run of single deployments says of the whole target: never that it is at another commit."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from reconciler.pipeline.records import RunFacts, build_record
from reconciler.state.inventory import Condition, TargetRecord
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Plan
from tests.support.worlds import EARLIER, REVISION, TARGET

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


def make_known(applied: str, status: str = "True") -> TargetRecord:
    synced = Condition(type="Synced", status=status, reason="Applied", since=NOW)
    return TargetRecord(exists=True, applied=applied, digest="sha256:1", conditions=(synced,))


def run_partly(known: TargetRecord, outcome: Outcome = Outcome.DONE, *, partial: bool = True) -> TargetRecord:
    facts = RunFacts(
        plan=Plan(target=TARGET, revision=REVISION, digest="sha256:2"),
        manifests=(),
        entries=(),
        results=(),
        health=(),
        outcome=outcome,
        summary="nothing to do",
        wrote=True,
        namespace_uid="",
        now=NOW,
        partial=partial,
    )
    return build_record(known, facts)


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
