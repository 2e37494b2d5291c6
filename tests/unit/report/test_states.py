"""Status as a table and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.report import json as json_view
from reconciler.report import text_status
from reconciler.state.shares import Share
from tests.unit.report import scenes, state_scenes
from tests.unit.report.golden import check_golden


def test_golden_table() -> None:
    check_golden("status.txt", text_status.show_status(state_scenes.states(), scenes.NOW))


def test_no_deployment_needs_no_table() -> None:
    assert text_status.show_status(state_scenes.states()[2:3], scenes.NOW) == (
        "fresh: never synced; start with: modelsync sync fresh"
    )


def test_clocks_that_disagree_do_not_show_the_future() -> None:
    shown = text_status.show_status(state_scenes.states()[:1], scenes.NOW - timedelta(hours=4))
    assert "last seen alive less than a minute ago" in shown


@pytest.mark.parametrize("name", ["[/x]", "[bold]", ":wave:"])
def test_a_name_that_somebody_wrote_in_the_cluster_is_shown_as_it_is(name: str) -> None:
    state = state_scenes.states()[0]
    share = Share(predictor=name, version=name, shadow=False, percent=100)
    edited = replace(state, deployments=(replace(state.deployments[0], applied=(share,)),))

    assert f" {name} " in text_status.show_status([edited], scenes.NOW)


@pytest.mark.covers("B11", "B24", "B30", "B32")
def test_golden_table_of_what_is_held_back() -> None:
    check_golden("status-held.txt", text_status.show_status(state_scenes.held_states(), scenes.NOW))


@pytest.mark.covers("B33")
def test_the_last_runs_are_shown_where_they_are_asked_for() -> None:
    plain = text_status.show_status(state_scenes.held_states()[:1], scenes.NOW)
    shown = text_status.show_status(state_scenes.held_states()[:1], scenes.NOW, history=True)
    assert shown.removeprefix(plain) == (
        "\n  runs that wrote or failed:"
        "\n    2026-11-23 14:10 UTC  main@sha1:4be2a91  exit code 1  wines: v5 new at 10 %; "
        "SeldonDeployment/wines failed: refused"
        "\n    2026-11-21 14:10 UTC  main@sha1:77ad03e  exit code 0  wines: v3 new at 100 %"
    )


@pytest.mark.covers("B4")
def test_an_outage_of_the_repository_is_told_with_what_is_used_meanwhile() -> None:
    held, _ = state_scenes.held_states()
    assert held.record is not None
    assert held.record.failure is not None
    seen = scenes.NOW - timedelta(hours=3)
    out = replace(held.record, failure=replace(held.record.failure, seen=seen, went_on=True))
    shown = text_status.show_status([replace(held, record=out)], scenes.NOW)
    assert (
        "production: the repository cannot be asked since 2026-11-23 14:09 UTC; sync goes on with what it "
        "said at 2026-11-23 11:10 UTC: drift is healed, and nothing else is done. the repository at "
    ) in shown
    assert "ended with exit code 3" not in shown


def test_a_repository_that_is_silent_for_too_long_is_told_as_a_run_that_decided_nothing() -> None:
    held, _ = state_scenes.held_states()
    assert held.record is not None
    assert held.record.failure is not None
    over = replace(held.record, failure=replace(held.record.failure, seen=scenes.NOW - timedelta(days=2)))
    shown = text_status.show_status([replace(held, record=over)], scenes.NOW)
    assert "ended with exit code 3" in shown
    assert "sync goes on with" not in shown


def test_a_target_without_runs_has_no_history_to_show() -> None:
    _, forged = state_scenes.held_states()
    plain = text_status.show_status([forged], scenes.NOW)
    assert text_status.show_status([forged], scenes.NOW, history=True) == plain


def test_what_is_over_holds_nothing() -> None:
    held, _ = state_scenes.held_states()
    later = scenes.NOW + timedelta(hours=3)
    shown = text_status.show_status([replace(held, in_force=())], later)
    assert "Nothing held, nothing frozen." in shown
    assert "is over since 2026-11-23 16:10 UTC" in shown
    assert "sync leaves it alone" not in shown
    assert "--now" not in shown
    assert "keep taking" not in shown


def test_a_mark_that_a_clock_set_which_is_ahead_holds_nothing() -> None:
    held, _ = state_scenes.held_states()
    earlier = scenes.NOW - timedelta(hours=3)
    shown = text_status.show_status([replace(held, in_force=())], earlier)
    assert "Nothing held, nothing frozen." in shown
    assert (
        "production/wines: the emergency of ann@example.com (v5 answers nonsense) would begin only" in shown
    )
    assert "sync leaves it alone" not in shown


@pytest.mark.covers("B33")
def test_golden_json_of_what_is_held_back() -> None:
    check_golden("status-held.json", json_view.show_status(state_scenes.held_states()))


def test_golden_json() -> None:
    shown = json_view.show_status(state_scenes.states())
    assert json.loads(shown)["apiVersion"] == "modelsync.dev/status/v1"
    check_golden("status.json", shown)
