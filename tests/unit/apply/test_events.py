"""Events: what they say, on what, and that the same is never said twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from reconciler.apply.events import Ending, list_events
from reconciler.state.inventory import InventoryEntry, ObjectResult, TargetRecord
from reconciler.state.objects import SELDON_DEPLOYMENT, ObjectKey
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action
from reconciler.state.targets import Target

TARGET = Target(environment="production", namespace="wines-production")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)
REVISION = f"main@sha1:{'4be2a91' * 6}"[:50]
WINES = ObjectKey(kind=SELDON_DEPLOYMENT, namespace=TARGET.namespace, name="wines")
RECORD = TargetRecord(
    entries=(InventoryEntry(key=WINES, deployment="wines", uid="uid-wines", generation=3),),
    exists=True,
    uid="uid-record",
)
REFUSED = Ending(outcome=Outcome.REFUSED, message="refused by prune-budget")


def tell(
    *results: ObjectResult,
    record: TargetRecord = RECORD,
    revision: str = REVISION,
    now: datetime = NOON,
    author: str = "",
    ending: Ending | None = None,
) -> list[dict[str, Any]]:
    events = list_events(
        TARGET, results=results, record=record, revision=revision, now=now, author=author, ending=ending
    )
    return [dict(event) for event in events]


def name_all(events: list[dict[str, Any]]) -> list[str]:
    return [event["metadata"]["name"] for event in events]


def result(action: Action, message: str = "", name: str = "wines") -> ObjectResult:
    return ObjectResult(key=replace(WINES, name=name), action=action, message=message)


@pytest.mark.covers("B34")
def test_a_change_is_told_on_its_object_with_commit_and_author() -> None:
    (event,) = tell(result(Action.CONFIGURED, "v5 10 → 20 %"), author="Ann Lee")
    assert event["message"] == f"configured by {REVISION} (Ann Lee): v5 10 → 20 %"
    assert (event["type"], event["reason"]) == ("Normal", "Configured")
    assert event["involvedObject"] == {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "namespace": "wines-production",
        "name": "wines",
        "uid": "uid-wines",
    }


@pytest.mark.covers("B34")
@pytest.mark.parametrize("action", [Action.SKIPPED, Action.FAILED])
def test_what_was_not_done_is_a_warning_with_its_reason(action: Action) -> None:
    (event,) = tell(result(action, 'held by "kubectl-edit"'))
    assert event["type"] == "Warning"
    assert event["message"] == f'{action.value} by {REVISION}: held by "kubectl-edit"'


@pytest.mark.covers("B34")
@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.FINDINGS, "NotEqual"),
        (Outcome.CONFIGURATION, "Misconfigured"),
        (Outcome.UNDECIDED, "Undecided"),
        (Outcome.REFUSED, "Refused"),
        (Outcome.UNHEALTHY, "Unhealthy"),
        (Outcome.DEFECT, "Defect"),
        (Outcome.INTERRUPTED, "Interrupted"),
    ],
)
def test_a_bad_end_is_told_on_the_record_of_the_target(outcome: Outcome, reason: str) -> None:
    (event,) = tell(author="Ann Lee", ending=Ending(outcome=outcome, message="why"))
    assert (event["type"], event["reason"]) == ("Warning", reason)
    assert event["message"] == f"exit code {int(outcome)} at {REVISION} (Ann Lee): why"
    assert event["involvedObject"]["kind"] == "ConfigMap"
    assert event["involvedObject"]["name"] == "modelsync-production"
    assert event["involvedObject"]["uid"] == "uid-record"


def test_every_outcome_of_a_run_but_a_good_one_has_a_reason() -> None:
    for outcome in Outcome:
        events = tell(ending=Ending(outcome=outcome, message="why"))
        # Pending is what a plan ends with.
        assert bool(events) is (outcome not in (Outcome.DONE, Outcome.PENDING)), outcome


def test_an_end_before_the_commit_was_known_names_none() -> None:
    (event,) = tell(
        revision="", ending=Ending(outcome=Outcome.UNDECIDED, message="the repository did not answer")
    )
    assert event["message"] == "exit code 3: the repository did not answer"


@pytest.mark.covers("B34")
def test_without_a_cause_there_is_no_event() -> None:
    assert tell(result(Action.UNCHANGED), ending=Ending(outcome=Outcome.DONE, message="")) == []


@pytest.mark.covers("B34", "S11")
def test_the_same_said_again_later_is_the_same_event() -> None:
    first = tell(result(Action.SKIPPED, "held"), ending=REFUSED)
    again = tell(result(Action.SKIPPED, "held"), ending=REFUSED, now=NOON + timedelta(minutes=5))
    assert len(first) == 2
    assert name_all(first) == name_all(again)


@pytest.mark.covers("S11")
@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"revision": "main@sha1:77ad03e"}, id="commit"),
        pytest.param(
            {"record": replace(RECORD, uid="new", entries=(replace(RECORD.entries[0], uid="new"),))},
            id="life",
        ),
    ],
)
def test_another_commit_or_another_life_of_the_object_is_told_again(other: dict[str, Any]) -> None:
    names = name_all(tell(result(Action.CONFIGURED), ending=REFUSED))
    assert not {*names} & {*name_all(tell(result(Action.CONFIGURED), ending=REFUSED, **other))}


def test_an_object_that_was_edited_and_healed_again_is_told_again() -> None:
    moved = replace(RECORD, entries=(replace(RECORD.entries[0], generation=5),))
    first, second = tell(result(Action.CONFIGURED)), tell(result(Action.CONFIGURED), record=moved)
    assert name_all(first) != name_all(second)


def test_another_reason_is_told_again() -> None:
    first, second = (
        tell(ending=REFUSED),
        tell(ending=replace(REFUSED, message="refused by empty-environment")),
    )
    assert name_all(first) != name_all(second)


def test_an_object_that_was_never_applied_has_no_uid() -> None:
    (event,) = tell(result(Action.SKIPPED, "is not ours", name="foreign"))
    assert "uid" not in event["involvedObject"]


def make_many(action: Action, number: int) -> list[ObjectResult]:
    return [result(action, name=f"model-{index:02}") for index in range(number)]


def test_ten_are_told_one_by_one_and_more_together() -> None:
    assert len(tell(*make_many(Action.CREATED, 10))) == 10
    (event,) = tell(*make_many(Action.CREATED, 11))
    assert event["type"] == "Normal"
    assert event["message"].endswith(f"by {REVISION}: 11 objects: 11 created")
    assert event["involvedObject"]["kind"] == "ConfigMap"


def test_many_warnings_are_told_in_bounds_and_the_rest_together() -> None:
    events = tell(*make_many(Action.FAILED, 13))
    assert len(events) == 11
    assert events[-1]["type"] == "Warning"
    assert events[-1]["message"].endswith(f"by {REVISION}: 3 more: 3 failed")


@pytest.mark.covers("B30", "B34")
def test_what_waits_because_people_said_so_is_nothing_to_warn_of() -> None:
    events = list_events(
        TARGET,
        results=(result(Action.SKIPPED, "is suspended until 2026-11-30"),),
        record=RECORD,
        revision=REVISION,
        now=NOON,
        held=frozenset({WINES}),
    )
    (event,) = events
    assert (event["type"], event["reason"]) == ("Normal", "Skipped")


def test_what_failed_is_told_one_by_one_however_much_else_was_done() -> None:
    done = [result(Action.CREATED, name=f"model-{number:02}") for number in range(30)]
    events = tell(*done, result(Action.FAILED, "no", name="last"))
    assert [event["involvedObject"]["name"] for event in events] == ["last", "modelsync-production"]
    assert events[-1]["message"].endswith(": 30 more: 30 created")


def test_a_long_message_is_cut_between_characters() -> None:
    (event,) = tell(ending=replace(REFUSED, message="–" * 1000))
    assert 1020 < len(event["message"].encode()) <= 1024
    assert event["message"].endswith("–")


def test_names_fit_whatever_the_object_is_called() -> None:
    (event,) = tell(result(Action.CREATED, name="m" * 253))
    assert len(event["metadata"]["name"]) <= 253
