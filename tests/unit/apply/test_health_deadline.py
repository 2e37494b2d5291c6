"""What is in progress for longer than its declared start-up has failed, variant by variant."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.health.times import find_edit_time, find_status_time, read_time
from reconciler.apply.health.workloads import say_seconds
from reconciler.state.objects import LiveObject
from reconciler.state.observations import HealthWord
from tests.support.served import (
    EDITED,
    Scene,
    change,
    change_spec,
    make_child,
    note_writer,
    say_condition,
)

STARTUP = timedelta(minutes=10)
MOMENT = timedelta(seconds=1)
LONG_AGO = EDITED - timedelta(hours=5)


def with_writers(child: LiveObject, **times: datetime) -> LiveObject:
    metadata = {
        **child.body["metadata"],
        "managedFields": [note_writer(fields, time) for fields, time in times.items()],
    }
    return replace(child, body={**child.body, "metadata": metadata})


def rolling(since: datetime) -> LiveObject:
    """A Deployment on its way, whose last step forward was at `since`."""
    return change(
        make_child("v5"),
        availableReplicas=0,
        conditions=[
            say_condition("Progressing", "True", since, reason="ReplicaSetUpdated"),
            say_condition("Available", "False", since),
        ],
    )


def broken(since: datetime) -> LiveObject:
    """A Deployment that was complete, and lost its Pods at `since`."""
    child = change(
        make_child("v5"), availableReplicas=0, conditions=[say_condition("Available", "False", since)]
    )
    return with_writers(child, spec=LONG_AGO)


@pytest.mark.covers("B21", "S7")
@pytest.mark.parametrize(
    ("scene", "why"),
    [
        (Scene(children={"v5": None}, speaks_of=("v3",)), "the operator has not made its Deployment yet"),
        (Scene(children={"v5": rolling(EDITED)}), "0 of 2 Pods ready"),
        (Scene(children={"v5": broken(EDITED)}), "0 of 2 Pods ready"),
        (
            Scene(children={"v5": make_child("v5", uri="s3://old")}),
            "its Deployment still loads s3://old, not s3://mlflow/artifacts/5",
        ),
        (
            Scene(children={"v5": replace(make_child("v5"), generation=2)}),
            "its Deployment's last change was not seen yet",
        ),
    ],
)
def test_a_variant_is_late_once_its_start_up_is_over(scene: Scene, why: str) -> None:
    in_time = scene.assess(now=EDITED + STARTUP + MOMENT)
    late = scene.assess(now=EDITED + STARTUP + 2 * MOMENT)

    assert (in_time.word, in_time.reason) == (HealthWord.IN_PROGRESS, f"v5: {why}")
    assert (late.word, late.reason) == (
        HealthWord.FAILED,
        f"v5: not ready within its 10 m start-up: {why}",
    )
    assert late.since == EDITED
    assert [item.word for item in late.variants] == [HealthWord.CURRENT, HealthWord.FAILED]


def test_each_variant_has_a_start_up_of_its_own() -> None:
    scene = Scene(predictors=("v5",), children={"v5": rolling(EDITED)}, part={"progressDeadlineSeconds": 95})
    child = change_spec(rolling(EDITED), progressDeadlineSeconds=95)

    health = replace(scene, children={"v5": child}).assess(now=EDITED + timedelta(seconds=97))

    assert health.reason == "v5: not ready within its 95 s start-up: 0 of 2 Pods ready"


def test_a_roll_out_of_many_pods_has_the_time_for_each_step() -> None:
    stepped = EDITED + timedelta(minutes=25)

    health = Scene(children={"v5": rolling(stepped)}).assess(now=stepped + STARTUP)

    assert (health.word, health.since) == (HealthWord.IN_PROGRESS, stepped)


def test_one_pod_of_many_that_is_gone_is_timed_by_the_deployments_status() -> None:
    """With ten Pods and more a Deployment counts as available without one of them."""
    lost = EDITED + timedelta(hours=3)
    child = with_writers(
        change(make_child("v5", replicas=12), availableReplicas=11), spec=EDITED, status=lost
    )
    scene = Scene(children={"v5": child})

    assert scene.assess(now=lost + STARTUP).word is HealthWord.IN_PROGRESS
    assert scene.assess(now=lost + STARTUP + 2 * MOMENT).word is HealthWord.FAILED


def test_the_operator_has_time_again_once_the_last_pod_of_many_is_back() -> None:
    back = EDITED + timedelta(hours=3)
    children = {
        name: with_writers(make_child(name, replicas=12), spec=EDITED, status=back) for name in ("v3", "v5")
    }
    scene = Scene(state="Creating", children=children)

    assert scene.assess(now=back + MOMENT).reason == "the operator says Creating"


def test_a_deployment_that_was_there_and_is_gone_has_no_known_time() -> None:
    health = Scene(children={"v5": None}).assess(now=EDITED + timedelta(days=9))

    assert (health.word, health.since) == (HealthWord.IN_PROGRESS, None)


def test_a_verdict_from_before_the_last_write_is_not_believed() -> None:
    gave_up = change(
        make_child("v5"),
        availableReplicas=0,
        conditions=[
            say_condition("Progressing", "False", EDITED - MOMENT, reason="ProgressDeadlineExceeded")
        ],
    )

    assert Scene(children={"v5": gave_up}).assess().word is HealthWord.IN_PROGRESS
    assert (
        Scene(children={"v5": with_writers(gave_up, spec=EDITED - MOMENT)}).assess().word is HealthWord.FAILED
    )


def test_what_concerns_no_variant_alone_is_late_after_the_longest_start_up() -> None:
    silent = Scene(state="")
    stale = Scene(predictors=("v5",), speaks_of=("v3", "v5"), extra=(make_child("v3"),))

    assert silent.assess(now=EDITED + STARTUP + 2 * MOMENT).reason == (
        "not ready within its 10 m start-up: the Seldon operator has not answered yet"
    )
    assert stale.assess(now=EDITED + STARTUP + 2 * MOMENT).reason == (
        "not ready within its 10 m start-up: the operator has not removed wines-v3-0-wines yet"
    )


def loop(generation: int, written: datetime) -> LiveObject:
    child = with_writers(make_child("v5"), spec=written, status=written)
    return replace(change(child, observedGeneration=generation), generation=generation)


HPA = {
    "componentSpecs": [
        {"spec": {"containers": [{"name": "wines", "image": "mlserver:1"}]}, "hpaSpec": {"maxReplicas": 3}}
    ]
}


@pytest.mark.parametrize(
    ("generation", "written", "now", "part", "named"),
    [
        (40, timedelta(minutes=5), timedelta(minutes=5), HPA, True),
        (40, timedelta(minutes=5), timedelta(minutes=5), {"replicas": 2}, False),
        (9, timedelta(minutes=5), timedelta(minutes=5), HPA, False),
        (40, timedelta(seconds=5), timedelta(seconds=6), HPA, False),
        (40, timedelta(minutes=5), timedelta(minutes=6), HPA, False),
    ],
)
def test_the_operators_endless_loop_is_told_in_one_look(
    generation: int, written: timedelta, now: timedelta, part: dict[str, Any], *, named: bool
) -> None:
    scene = Scene(predictors=("v5",), part=part, children={"v5": loop(generation, EDITED + written)})

    health = scene.assess(now=EDITED + now)

    assert health.word is HealthWord.CURRENT
    assert bool(health.notes) is named


def test_in_the_loop_a_sick_variant_still_fails_in_its_time() -> None:
    now = EDITED + timedelta(minutes=11)
    child = change(
        loop(40, now), availableReplicas=0, conditions=[say_condition("Available", "False", EDITED)]
    )

    health = Scene(predictors=("v5",), part=HPA, children={"v5": child}).assess(now=now)

    assert health.word is HealthWord.FAILED


@given(seconds=st.integers(min_value=0, max_value=3600))
def test_no_variant_that_still_has_time_has_failed(seconds: int) -> None:
    now = EDITED + timedelta(seconds=seconds)

    word = Scene(children={"v5": rolling(EDITED)}).assess(now=now).word

    assert word is (HealthWord.FAILED if seconds > 601 else HealthWord.IN_PROGRESS)


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5 s"), (95, "95 s"), (60, "1 m"), (600, "10 m"), (7200, "2 h"), (86400, "1 d")]
)
def test_spans_are_said_in_the_unit_that_fits(seconds: int, text: str) -> None:
    assert say_seconds(seconds) == text


@pytest.mark.parametrize("text", ["", None, "yesterday", 5])
def test_what_is_no_time_is_none(text: Any) -> None:
    assert read_time(text) is None


def test_times_with_fractions_are_read() -> None:
    assert read_time("2026-11-23T12:00:00.250000Z") == datetime(
        2026, 11, 23, 12, 0, 0, 250000, tzinfo=timezone.utc
    )


def test_without_managed_fields_the_creation_counts() -> None:
    body = {"metadata": {"creationTimestamp": "2026-11-23T12:00:00Z"}}

    assert find_edit_time(body) == EDITED
    assert find_status_time(body) is None
