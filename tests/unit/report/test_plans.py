"""Plans as text, Markdown and JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from reconciler.plan.endings import ORPHANED
from reconciler.report import json as json_view
from reconciler.report import markdown, text
from reconciler.state.plans import Op, Plan
from tests.support.worlds import World, create_by_hand, make_manifest, serve
from tests.unit.report import scenes
from tests.unit.report.golden import check_golden

PLANS: dict[str, tuple[Plan, ...]] = {
    "share-change": (scenes.plan_share_change(), scenes.plan_nothing(scenes.STAGING)),
    "everything": (scenes.plan_everything(),),
    "removals-refused": (scenes.refuse(scenes.plan_removals()),),
    "wrong-namespace": (scenes.refuse(scenes.plan_share_change(), labels={}),),
    "drift": (scenes.plan_drift(), scenes.plan_deleted()),
    "nothing": (scenes.plan_nothing(), scenes.plan_nothing(scenes.STAGING)),
    "no-environments": (),
}


@pytest.mark.parametrize("name", PLANS)
def test_golden_text(name: str) -> None:
    check_golden(f"plan-{name}.txt", text.show_plans(PLANS[name]))


@pytest.mark.parametrize("name", PLANS)
def test_golden_markdown(name: str) -> None:
    check_golden(f"plan-{name}.md", markdown.show_plans(PLANS[name]))


@pytest.mark.parametrize("name", PLANS)
def test_golden_json(name: str) -> None:
    shown = json_view.show_plans(PLANS[name])
    assert json.loads(shown)["apiVersion"] == "modelsync.dev/plan/v1"
    check_golden(f"plan-{name}.json", shown)


def _plan_many(number: int) -> Plan:
    before = [make_manifest(f"model-{index:04}", {"v3": 100}) for index in range(number)]
    after = [make_manifest(f"model-{index:04}", {"v3": 90, "v5": 10}) for index in range(number)]
    return serve(*before).declare(*after).plan()


@pytest.mark.covers("B35")
def test_markdown_stays_within_a_comment_and_says_what_is_left_out() -> None:
    shown = markdown.show_plans((_plan_many(1_000),))
    assert len(shown) <= 65_536
    assert re.search(r"^\| … \d+ more rows \|", shown, re.MULTILINE)
    assert re.search(r"^The fields of \d+ more changes are left out;", shown, re.MULTILINE)
    assert shown.count("<details>") == shown.count("</details>")
    assert "- production: 1000 to update." in shown


@pytest.mark.covers("B35")
def test_many_faults_stay_within_a_comment_too() -> None:
    names = [f"model-{index:04}" for index in range(1_000)]
    shown = markdown.show_plans((World().fault(*names).plan(),))
    assert len(shown) <= 65_536
    assert re.search(r"^\d+ more refusals and faults are left out;", shown, re.MULTILINE)


def test_a_plan_of_faults_alone_does_not_say_that_nothing_is_declared() -> None:
    assert "nothing that could be rendered. Digest" in text.show_plan(World().fault("wines").plan())
    assert "nothing declared. Digest" in text.show_plan(World().plan())


def test_a_plan_that_fits_is_shown_whole() -> None:
    shown = markdown.show_plans((_plan_many(50),))
    assert shown.count("<details>") == 50
    assert "left out" not in shown


def _set(value: str) -> Plan:
    changed = make_manifest(labels={"note": value})
    return serve(make_manifest()).declare(changed).plan()


def test_a_value_cannot_leave_its_code_block() -> None:
    shown = markdown.show_plans((_set("``` @everyone <b>"),))
    assert "````diff\n+ metadata.labels.note   ``` @everyone <b>\n````" in shown


def test_a_line_break_in_a_value_does_not_look_like_another_field() -> None:
    assert '    + metadata.labels.note   "a\\n    - spec.predictors[v3]"' in text.show_plans(
        (_set("a\n    - spec.predictors[v3]"),)
    )


def test_a_long_value_is_cut() -> None:
    (line,) = (line for line in text.show_plans((_set("x" * 200),)).splitlines() if "note" in line)
    assert line.endswith("xxx…")
    assert len(line) < 110


def test_a_predictor_named_by_hand_cannot_format_the_table() -> None:
    by_hand = create_by_hand(make_manifest(shares={"a|b`@all": 100}))
    plan = World().place(by_hand).declare(make_manifest(adopt=True)).plan()
    assert "| a?b??all | 100 % | – |" in markdown.show_plans((plan,))


def test_a_delete_that_leaves_pods_serving_says_so() -> None:
    plan = scenes.plan_removals()
    change = plan.select(Op.DELETE)[0]
    orphan = replace(change, orphan=True, reason=ORPHANED)
    shown = text.show_plan(replace(plan, changes=(orphan,)))
    assert f"will be deleted (v3 100 % → gone); {ORPHANED}" in shown
