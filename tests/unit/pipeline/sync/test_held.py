"""What the record says of a target in which something waits because people said so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from reconciler.pipeline.sync.good import renew_good
from reconciler.pipeline.sync.records import RunFacts, build_record
from reconciler.plan.holds import HoldInput, hold_changes
from reconciler.state.exceptions import Exceptions
from reconciler.state.inventory import EARLIER_SETS, GoodSet, InventoryEntry, ObjectResult
from reconciler.state.objects import Manifest
from reconciler.state.observations import Health, HealthWord
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action, Plan
from tests.support.worlds import EARLIER, REVISION, make_manifest, serve

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
SUSPENDED = Exceptions.model_validate(
    {"suspensions": ({"deployment": "wines", "until": "2026-11-30", "reason": "measured by hand"},)}
)
WORLD = serve(make_manifest(shares={"v3": 100})).declare(make_manifest(shares={"v3": 90, "v5": 10}))


def hold(plan: Plan, exceptions: Exceptions) -> Plan:
    given = HoldInput(exceptions=exceptions, marks=(), reversals=(), good=(), now=NOW)
    return hold_changes(plan, given)


def make_facts(plan: Plan, outcome: Outcome) -> RunFacts:
    return RunFacts(
        plan=plan,
        manifests=WORLD.manifests,
        entries=WORLD.record.entries,
        results=tuple(
            ObjectResult(key=change.key, action=Action.SKIPPED, message=change.reason)
            for change in plan.changes
        ),
        health=(),
        outcome=outcome,
        summary="wines waits",
        wrote=False,
        namespace_uid="",
        now=NOW,
    )


@pytest.mark.covers("B30", "B33")
def test_a_target_with_something_that_waits_is_not_at_the_commit_that_it_waits_for() -> None:
    record = build_record(WORLD.record, make_facts(hold(WORLD.plan(), SUSPENDED), Outcome.DONE))

    assert (record.applied, record.attempted) == (EARLIER, REVISION)
    synced = next(item for item in record.conditions if item.type == "Synced")
    assert (synced.status, synced.reason) == ("False", "Held")
    assert [result.message for result in record.results] == [
        "is suspended until 2026-11-30 (measured by hand), so sync leaves it alone"
    ]
    assert synced.message == (
        "SeldonDeployment/wines is suspended until 2026-11-30 (measured by hand), so sync leaves it alone"
    )
    # It is no failure, so it is no line of the history either.
    assert record.history == ()
    assert record.backoff is None


def test_once_nothing_waits_it_is() -> None:
    plan = replace(hold(WORLD.plan(), Exceptions()), changes=())
    record = build_record(WORLD.record, make_facts(plan, Outcome.DONE))

    assert record.applied == REVISION
    assert next(item for item in record.conditions if item.type == "Synced").status == "True"


def renew(known: tuple[GoodSet, ...], manifest: Manifest) -> tuple[GoodSet, ...]:
    return renew_good(
        known,
        serve(manifest).plan(),
        manifests=(manifest,),
        health=(Health(key=manifest.key, word=HealthWord.CURRENT),),
        results=(),
        entries=(InventoryEntry(key=manifest.key, deployment="wines"),),
    )


@pytest.mark.covers("B31", "B23")
def test_the_sets_that_served_before_are_known_by_their_digests_newest_first() -> None:
    manifests = [make_manifest(shares={f"v{number}": 100}) for number in range(1, EARLIER_SETS + 3)]
    good: tuple[GoodSet, ...] = ()
    for manifest in manifests:
        good = renew(good, manifest)

    (last,) = good
    told = [manifest.digest.removeprefix("sha256:") for manifest in reversed(manifests)]
    assert told[0].startswith(last.digest)
    assert len(last.earlier) == EARLIER_SETS
    assert all(whole.startswith(part) for whole, part in zip(told[1:], last.earlier, strict=False))


def test_a_set_that_comes_back_is_told_once() -> None:
    first, second = make_manifest(shares={"v1": 100}), make_manifest(shares={"v2": 100})
    (good,) = renew(renew(renew((), first), second), first)

    assert first.digest.removeprefix("sha256:").startswith(good.digest)
    assert len(good.earlier) == 1
    assert second.digest.removeprefix("sha256:").startswith(good.earlier[0])
