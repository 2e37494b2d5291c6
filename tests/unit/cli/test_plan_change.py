"""`plan --base` in a real clone: what it compares, and what it says when the main branch moved on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.shop import Shop, make_record


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A main branch, and a branch `change` on which production/wines gives v2 more."""
    shop = Shop(tmp_path / "shop")
    shop.add_environment("production", "wines-production")
    shop.declare("production/wines", {1: 90, 2: 10})
    shop.declare("production/prices", {1: 90, 2: 10})
    shop.commit()
    shop.git("branch", "-M", "main")
    shop.git("checkout", "-q", "-b", "change")
    shop.declare("production/wines", {1: 70, 2: 30})
    shop.commit()
    return shop


def test_the_comment_names_what_it_compared(shop: Shop) -> None:
    base, head = shop.git("rev-parse", "main").strip(), shop.git("rev-parse", "HEAD").strip()
    ended = shop.run("plan", "--base", "main", "-o", "markdown")
    assert ended.code == 0, ended.err
    assert ended.out.startswith(f"<!-- modelsync:plan head={head} -->\n")
    assert "production/wines v1 90 → 70 %, v2 10 → 30 %" in ended.out
    assert f"base `{base}`, head `{head}`; no cluster was asked" in ended.out


def test_a_work_tree_that_is_no_commit_has_no_name(shop: Shop) -> None:
    shop.declare("production/wines", {1: 60, 2: 40})
    shown = shop.run("plan", "--base", "main", "-o", "markdown").out
    assert shown.startswith("<!-- modelsync:plan head=none -->\n")
    assert "head the work tree" in shown


def test_what_others_merged_since_is_no_part_of_the_change(shop: Shop) -> None:
    shop.git("checkout", "-q", "main")
    shop.declare("production/prices", {1: 50, 2: 50})
    shop.commit()
    shop.git("checkout", "-q", "change")
    review = json.loads(shop.run("plan", "--base", "main", "-o", "json").out)["review"]
    assert {row["deployment"] for row in review["variants"]} == {"wines"}
    assert review["stale"] == []
    assert review["main"] != review["base"]


def test_a_main_branch_that_moved_on_in_what_the_change_touches_fails_it(shop: Shop) -> None:
    shop.git("checkout", "-q", "main")
    shop.declare("production/wines", {1: 80, 2: 20})
    shop.commit()
    shop.git("checkout", "-q", "change")
    ended = shop.run("plan", "--base", "main", "-o", "json")
    review = json.loads(ended.out)["review"]
    assert (ended.code, review["verdict"]) == (1, "fail")
    assert [item["object"] for item in review["stale"]] == ["production/wines"]


@pytest.mark.parametrize("output", ["text", "json", "markdown"])
def test_a_change_with_findings_fails_and_ends_with_1(shop: Shop, output: str) -> None:
    shop.declare("production/wines", {1: 70, 2: 40})
    ended = shop.run("plan", "--base", "main", "--detailed-exitcode", "-o", output)
    assert ended.code == 1
    assert "1 error in the declarations" in ended.out


def test_going_back_is_planned_as_a_change_of_the_branch(shop: Shop) -> None:
    shown = shop.run("plan", "--base", "change", "--head", "main").out
    assert "production/wines: v1 70 → 90 %, v2 30 → 10 %" in shown
    assert "verdict: " in shown


def test_owners_are_asked_where_the_base_has_codeowners(shop: Shop) -> None:
    def list_approvals(*words: str) -> list[dict[str, object]]:
        shown = json.loads(shop.run("plan", *words, "-o", "json").out)
        return list(shown["review"]["approvals"])

    file = shop.folder / "environments/production/deployments/wines.yaml"
    assert list_approvals("--base", "main") == []
    assert shop.run("codeowners", "--write").code == 0
    assert list_approvals("--base", "main") == [], "what comes with the change asks nobody yet"
    shop.commit()
    file.write_text(file.read_text() + "# A remark.\n")
    shop.commit()
    (approval,) = list_approvals("--base", "HEAD~1", "--head", "HEAD")
    assert (approval["subject"], approval["owners"]) == (
        "environments/production/deployments/wines.yaml",
        ["@wine-team"],
    )
    assert (approval["rule"], approval["reason"]) == (None, None)
    (back,) = list_approvals("--base", "change", "--head", "HEAD~1")
    assert back == approval


def test_text_tells_verdict_and_evidence_after_the_plan(shop: Shop) -> None:
    shown = shop.run("plan", "--base", "main", "--head", "change").out
    assert "\nevidence: production/wines v2: not comparable with v1" in shown
    assert "\nNo Pod restarts.\n" in shown


def test_records_of_branches_that_were_merged_crosswise_are_compared_with_all_their_beginnings(
    shop: Shop,
) -> None:
    shop.write("models/wines/versions/4.yaml", make_record(4))
    ours = shop.commit()
    shop.git("checkout", "-q", "main")
    shop.write("models/wines/versions/5.yaml", make_record(5))
    theirs = shop.commit()
    shop.git("merge", "-q", "--no-edit", ours)
    shop.git("checkout", "-q", "change")
    shop.git("merge", "-q", "--no-edit", theirs)
    reasons = json.loads(shop.run("plan", "--base", "main", "-o", "json").out)["review"]["reasons"]
    assert any(
        reason.startswith("not compared with the registry: wine-quality v4 and wine-quality v5 ")
        for reason in reasons
    ), reasons


def test_the_registry_is_asked_about_a_change_only(shop: Shop) -> None:
    ended = shop.run("plan", "--live", "--registry")
    assert ended.code == 2
    assert "--live compares no change" in ended.err


@pytest.mark.parametrize(
    ("command", "said"), [("plan", "verdict: unverified"), ("validate", "undecided: 1 ")]
)
def test_a_registry_that_cannot_be_asked_leaves_the_change_undecided(
    shop: Shop, command: str, said: str
) -> None:
    model = 'registeredModel: wine-quality\nregistry: elsewhere\nowners: ["@red-team"]\n'
    shop.write("models/reds/model.yaml", model)
    record = make_record(4).replace("registry: main", "registry: elsewhere")
    shop.write("models/reds/versions/4.yaml", record)
    assert shop.run(command, "--base", "main").code == 0
    ended = shop.run(command, "--base", "main", "--registry")
    assert ended.code == 3
    assert said in ended.out
    assert "registry elsewhere is not known here" in ended.out
