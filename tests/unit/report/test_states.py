"""Status as a table and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.report import json as json_view
from reconciler.report import text_status
from reconciler.state.shares import Share
from tests.unit.report import scenes
from tests.unit.report.golden import check_golden


def test_golden_table() -> None:
    check_golden("status.txt", text_status.show_status(scenes.states(), scenes.NOW))


def test_no_deployment_needs_no_table() -> None:
    assert text_status.show_status(scenes.states()[2:3], scenes.NOW) == (
        "fresh: never synced; start with: modelsync sync fresh"
    )


def test_clocks_that_disagree_do_not_show_the_future() -> None:
    shown = text_status.show_status(scenes.states()[:1], scenes.NOW - timedelta(hours=4))
    assert "last seen alive less than a minute ago" in shown


@pytest.mark.parametrize("name", ["[/x]", "[bold]", ":wave:"])
def test_a_name_that_somebody_wrote_in_the_cluster_is_shown_as_it_is(name: str) -> None:
    state = scenes.states()[0]
    share = Share(predictor=name, version=name, shadow=False, percent=100)
    edited = replace(state, deployments=(replace(state.deployments[0], applied=(share,)),))

    assert f" {name} " in text_status.show_status([edited], scenes.NOW)


def test_golden_json() -> None:
    shown = json_view.show_status(scenes.states())
    assert json.loads(shown)["apiVersion"] == "modelsync.dev/status/v1"
    check_golden("status.json", shown)
