"""What most situations begin with."""

from __future__ import annotations

from functools import partial

from reconciler.state.observations import HealthWord
from tests.e2e.health.bodies import build_body, build_predictor, locate
from tests.e2e.health.stage import Stage, ask

CURRENT, IN_PROGRESS, FAILED = HealthWord.CURRENT, HealthWord.IN_PROGRESS, HealthWord.FAILED
TERMINATING, NOT_FOUND = HealthWord.TERMINATING, HealthWord.NOT_FOUND

V1, V2 = locate("v1"), locate("v2")
ONE = ask(v1=V1, routed={"v1": 100})
BOTH = ask(v1=V1, v2=V2, routed={"v1": 90, "v2": 10})


def begin(stage: Stage) -> None:
    """One variant, served."""
    stage.step(
        "one variant is applied",
        partial(stage.apply, build_body(stage.namespace, build_predictor("v1", 100))),
        CURRENT,
        served=ONE,
    )


def begin_with_two(stage: Stage) -> None:
    stage.step(
        "two variants are applied, 90 and 10",
        partial(
            stage.apply,
            build_body(stage.namespace, build_predictor("v1", 90), build_predictor("v2", 10)),
        ),
        CURRENT,
        served=BOTH,
    )


def add_sick(stage: Stage, traffic: int, play: str, startup: int = 8) -> None:
    """A second variant that cannot get ready joins the first."""
    body = build_body(
        stage.namespace,
        build_predictor("v1", 100 - traffic),
        build_predictor("v2", traffic, play=play, startup=startup),
    )
    stage.step(
        f"v2 joins at {traffic} %; its Pods play {play}",
        partial(stage.apply, body),
        FAILED,
        failed_after=startup,
        hold=1.5,
        says="0 of 1 Pods ready",
    )
