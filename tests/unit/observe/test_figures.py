"""Numbers and standing in a record: what goes in comes out, and a run's numbers are no reason to write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reconciler.observe.inventory import decode_record, encode_record, has_same_content
from reconciler.state.figures import (
    DeploymentStanding,
    ExceptionInForce,
    ExceptionKind,
    RequestCount,
    RunFailure,
    RunFigures,
    Standing,
)
from reconciler.state.inventory import TargetRecord
from reconciler.state.observations import HealthWord
from reconciler.state.plans import Action
from tests.unit.observe.test_inventory import NOON, RECORD, TARGET, as_stored, make_good, store

FIGURES = RunFigures(
    finished=NOON,
    outcome=1,
    seconds=1.25,
    succeeded=NOON - timedelta(minutes=5),
    objects=((Action.CONFIGURED, 2), (Action.SKIPPED, 1)),
    requests=(
        RequestCount(method="GET", status=200, count=4),
        RequestCount(method="PATCH", status=0, count=1),
    ),
)
WINES = DeploymentStanding(
    deployment="wines", model="wines", shares=make_good("wines", 3).shares, health=HealthWord.CURRENT
)
STANDING = Standing(
    drift=1,
    held=3,
    ingress="istio",
    deployments=(WINES,),
    exceptions=(
        ExceptionInForce(
            kind=ExceptionKind.SUSPENSION,
            deployment="wines",
            reason="the team moves – ja",
            until=NOON + timedelta(days=1),
        ),
        ExceptionInForce(
            kind=ExceptionKind.FREEZE,
            deployment="all",
            reason="stocktaking",
        ),
    ),
)
FULL = replace(
    RECORD,
    good=(make_good("wines", 3),),
    figures=FIGURES,
    standing=STANDING,
    failure=RunFailure(at=NOON, revision="main@sha1:4be2a91", outcome=3, message='refused "by" a proxy\nwhy'),
)


def pass_through(record: TargetRecord) -> TargetRecord:
    return decode_record(store(encode_record(record, TARGET)), TARGET)


def with_standing(*deployments: DeploymentStanding) -> TargetRecord:
    return replace(FULL, standing=replace(STANDING, deployments=deployments))


@pytest.mark.covers("B37")
def test_figures_standing_and_failure_come_back_as_they_were_stored() -> None:
    assert pass_through(FULL) == as_stored(FULL)


@pytest.mark.covers("B4")
def test_what_a_repository_said_last_comes_back_with_its_time() -> None:
    assert FULL.failure is not None
    for went_on in (True, False):
        failure = replace(FULL.failure, seen=NOON - timedelta(hours=3), went_on=went_on)
        out = replace(FULL, failure=failure)
        assert pass_through(out) == as_stored(out)


def test_a_record_of_an_earlier_program_has_none_of_them() -> None:
    read = pass_through(RECORD)
    assert (read.figures, read.standing, read.failure) == (None, None, None)


@pytest.mark.parametrize(
    "deployments",
    [
        pytest.param((WINES,), id="as its last good set"),
        pytest.param((replace(WINES, health=HealthWord.FAILED),), id="sick"),
        pytest.param((replace(WINES, shares=WINES.shares[:1]),), id="other shares"),
        pytest.param((replace(WINES, model="cellar"),), id="another model"),
        pytest.param((), id="declared no more"),
        pytest.param((replace(WINES, deployment="prices"), WINES), id="one without a good set"),
        pytest.param(
            (replace(WINES, deployment="prices", shares=(), health=HealthWord.UNKNOWN), WINES),
            id="one without shares",
        ),
    ],
)
def test_deployments_are_told_apart_from_their_last_good_sets(
    deployments: tuple[DeploymentStanding, ...],
) -> None:
    assert pass_through(with_standing(*deployments)).standing == replace(STANDING, deployments=deployments)


def test_a_deployment_that_serves_its_last_good_set_takes_no_room() -> None:
    assert "deployments" not in encode_record(FULL, TARGET)["data"]


def test_the_numbers_of_another_run_are_no_reason_to_write() -> None:
    later = replace(FIGURES, finished=NOON + timedelta(minutes=5), seconds=9.0, requests=(), objects=())
    assert has_same_content(FULL, replace(FULL, figures=later), TARGET)


@pytest.mark.parametrize(
    "standing",
    [
        replace(STANDING, drift=0),
        replace(STANDING, held=0),
        replace(STANDING, exceptions=()),
        replace(STANDING, deployments=(replace(WINES, health=HealthWord.IN_PROGRESS),)),
    ],
)
def test_that_the_target_stands_otherwise_is_one(standing: Standing) -> None:
    assert not has_same_content(FULL, replace(FULL, standing=standing), TARGET)


def test_that_a_run_decides_again_is_one() -> None:
    assert not has_same_content(FULL, replace(FULL, failure=None), TARGET)


DAMAGE: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("figures", {"finished": ""}),
    ("figures", {"seconds": "1"}),
    ("figures", {"seconds": True}),
    ("figures", {"objects": []}),
    ("figures", {"objects": {"eaten": 1}}),
    ("figures", {"requests": [["GET", 200]]}),
    ("standing", {"drift": None}),
    ("standing", {"exceptions": [1]}),
    ("standing", {"exceptions": [{"kind": "holiday"}]}),
)


@pytest.mark.parametrize(("name", "damage"), DAMAGE)
def test_damaged_figures_are_not_believed(name: str, damage: Mapping[str, Any]) -> None:
    stored = store(encode_record(FULL, TARGET))
    data = dict(stored.body["data"])
    data[name] = json.dumps({**json.loads(data[name]), **damage})
    assert decode_record(replace(stored, body={**stored.body, "data": data}), TARGET).forged


def test_a_damaged_failure_is_not_believed() -> None:
    stored = store(encode_record(FULL, TARGET))
    annotations = {**stored.annotations, "modelsync.dev/failure": '{"at":"soon"}'}
    assert decode_record(replace(stored, annotations=annotations), TARGET).forged


def test_deployments_of_unknown_health_words_are_not_believed() -> None:
    stored = store(encode_record(with_standing(replace(WINES, health=HealthWord.FAILED)), TARGET))
    data = {**stored.body["data"]}
    data["deployments"] = data["deployments"].replace('"Failed"', '"Tired"')
    assert decode_record(replace(stored, body={**stored.body, "data": data}), TARGET).forged
