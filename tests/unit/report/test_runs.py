"""Runs of sync as text and JSON."""

from __future__ import annotations

import json

import pytest

from reconciler.report import json as json_view
from reconciler.report import text_run
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action
from reconciler.state.routes import Routes
from reconciler.state.runs import Run
from tests.unit.report import scenes
from tests.unit.report.golden import check_golden

_CHANGE, _DRIFT = scenes.plan_share_change(), scenes.plan_drift()
_ALL, _DELETED, _REPORTED = scenes.plan_everything(), scenes.plan_deleted(), scenes.plan_drift_reported()
_UNREACHABLE = "the API server at 10.0.0.1 did not answer within 10 s (3 tries over 31 s)."

RUNS: dict[str, Run] = {
    "in-sync": scenes.make_run(
        scenes.run_target(scenes.plan_nothing(), health=scenes.CURRENT),
        scenes.run_target(scenes.plan_nothing(scenes.STAGING), health=scenes.STARTING, target=scenes.STAGING),
    ),
    "configured": scenes.make_run(
        scenes.run_target(
            _CHANGE,
            scenes.actions(_CHANGE),
            health=scenes.CURRENT,
            notes=("Events were not written: no right",),
            routes=Routes(deployments={"wines": scenes.routes({"v3": 90, "v5": 10})}),
        )
    ),
    "still-starting": scenes.make_run(
        scenes.run_target(
            _CHANGE,
            scenes.actions(_CHANGE),
            health=scenes.STARTING,
            routes=Routes(),
            notes=("wines: waiting",),
        )
    ),
    "unhealthy": scenes.make_run(
        scenes.run_target(_CHANGE, scenes.actions(_CHANGE), health=scenes.SICK, outcome=Outcome.UNHEALTHY)
    ),
    "drift-healed": scenes.make_run(
        scenes.run_target(
            _DRIFT,
            scenes.actions(
                _DRIFT, wines=(Action.CONFIGURED, 'taken back: spec.predictors from "kubectl-edit"')
            ),
            health=scenes.CURRENT,
        ),
        scenes.run_target(_DELETED, scenes.actions(_DELETED), health=scenes.CURRENT),
    ),
    "drift-not-healed": scenes.make_run(
        scenes.run_target(
            _DRIFT,
            scenes.actions(_DRIFT, wines=(Action.FAILED, "the webhook refused it")),
            outcome=Outcome.FINDINGS,
        )
    ),
    "drift-reported": scenes.make_run(
        scenes.run_target(
            _REPORTED, scenes.actions(_REPORTED), outcome=Outcome.FINDINGS, health=scenes.CURRENT
        )
    ),
    "everything": scenes.make_run(
        scenes.run_target(_ALL, scenes.actions(_ALL), outcome=Outcome.FINDINGS, health=scenes.STARTING)
    ),
    "stopped-early": scenes.make_run(
        scenes.run_target(
            _ALL,
            {"ciders": (Action.CREATED, "")},
            outcome=Outcome.UNDECIDED,
            message=f"stopped early: {_UNREACHABLE}",
        )
    ),
    "refused": scenes.make_run(
        scenes.run_target(scenes.refuse(scenes.plan_removals()), outcome=Outcome.REFUSED)
    ),
    "not-reached": scenes.make_run(
        scenes.run_target(None, outcome=Outcome.UNDECIDED, message=_UNREACHABLE),
        scenes.run_target(
            None, outcome=Outcome.CONFIGURATION, message="no such environment", target=scenes.STAGING
        ),
    ),
    "nothing-declared": scenes.make_run(
        scenes.run_target(scenes.plan_empty(), outcome=Outcome.FINDINGS, message="its folder is empty")
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_golden_text(name: str) -> None:
    check_golden(f"run-{name}.txt", text_run.show_run(RUNS[name]))


@pytest.mark.parametrize("name", ["configured", "drift-healed", "refused", "not-reached"])
def test_golden_json(name: str) -> None:
    shown = json_view.show_run(RUNS[name])
    assert json.loads(shown)["apiVersion"] == "modelsync.dev/run/v1"
    check_golden(f"run-{name}.json", shown)


def test_what_was_not_healed_is_not_called_healed() -> None:
    for name in ("drift-not-healed", "drift-reported"):
        assert "healed:" not in text_run.show_run(RUNS[name])
    assert "healed:" in text_run.show_run(RUNS["drift-healed"])
