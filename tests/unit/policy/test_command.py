"""`modelsync policies` as people and programs read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli.app import app
from reconciler.policy.policies import POLICIES
from reconciler.policy.rules import GUARDS
from reconciler.validate.rules import REGISTRY_RULES, STRUCTURAL_RULES


def show(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["policies", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_lists_each_rule_in_a_line() -> None:
    lines = show().splitlines()
    assert len(lines) == len(POLICIES) + len(GUARDS) + len(STRUCTURAL_RULES) + len(REGISTRY_RULES)
    assert lines[0].split() == ["names-fit", "hard", *POLICIES[0].title.split()]


def test_explains_a_policy() -> None:
    text = show("traffic-sums-to-100")
    assert text.startswith("traffic-sums-to-100 (hard)\n\nLive traffic sums to 100.\n")
    assert "\nWhy\n" in text


def test_explains_a_rule_of_form() -> None:
    assert show("duplicate-keys") == "duplicate-keys (hard)\n\nA key is given once.\n"


def test_explains_a_rule_that_the_registry_decides() -> None:
    assert show("registry-version-ready").endswith("by validate --registry; undecided without it.\n")


def test_json_holds_all_of_it() -> None:
    shown = json.loads(show("-o", "json"))
    assert shown["apiVersion"] == "modelsync.dev/policies/v1"
    assert {"id", "grade", "title", "parameter", "documentation"} == set(shown["policies"][0])
    only = json.loads(show("one-shadow", "-o", "json"))
    assert [policy["id"] for policy in only["policies"]] == ["one-shadow"]


class TestInAnEnvironment:
    """What an environment sets, and what it cannot set, with the line that says so."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        file = tmp_path / "environments" / "production" / "environment.yaml"
        file.parent.mkdir(parents=True)
        rules = "  max-prune: 10%\n  variant-order: {grade: advisory}\n  waiver-unused: {grade: soft}\n"
        file.write_text(f"namespace: a\nprotected: true\nrules:\n{rules}", encoding="utf-8")
        return tmp_path

    def said(self, place: Path, rule: str) -> str:
        return show(rule, "production", "-C", str(place)).splitlines()[1]

    def test_a_block_of_which_nothing_is_set(self, place: Path) -> None:
        assert self.said(place, "soak") == "in production: soft (the rule's own); not set (the rule's own)"

    def test_a_grade_that_is_set(self, place: Path) -> None:
        assert self.said(place, "waiver-unused") == (
            "in production: soft (set by environments/production/environment.yaml:6:26)"
        )

    def test_a_grade_that_does_not_count(self, place: Path) -> None:
        assert self.said(place, "variant-order") == (
            "in production: soft (the rule's own: advisory by environments/production/environment.yaml:5:26 "
            "does not count, as production is protected)"
        )

    def test_a_grade_that_stays(self, place: Path) -> None:
        assert self.said(place, "variant-role").startswith("in production: hard (stays so everywhere: ")

    def test_a_parameter(self, place: Path) -> None:
        assert self.said(place, "max-prune").endswith(
            '; "10%" (set by environments/production/environment.yaml:4:14)'
        )
        wider = place / "environments" / "production" / "environment.yaml"
        wider.write_text(wider.read_text(encoding="utf-8").replace("10%", "100%"), encoding="utf-8")
        assert self.said(place, "max-prune").endswith(
            '; "20%" (the rule\'s own: "100%" by environments/production/environment.yaml:4:14 '
            "does not count)"
        )

    def test_the_list_marks_what_is_set(self, place: Path) -> None:
        lines = {line.split()[0]: line for line in show("production", "-C", str(place)).splitlines()}
        assert lines["waiver-unused"].split()[1] == "soft"
        assert lines["waiver-unused"].endswith("(set by environments/production/environment.yaml:6:26)")
        assert not lines["variant-role"].endswith(")")

    def test_json_says_how_it_stands(self, place: Path) -> None:
        shown = json.loads(show("max-prune", "production", "-C", str(place), "-o", "json"))
        here = shown["policies"][0]["here"]
        assert (here["environment"], here["grade"], here["value"]) == ("production", "soft", "10%")

    def test_an_environment_that_there_is_not(self, place: Path) -> None:
        result = CliRunner().invoke(app, ["policies", "max-prune", "staging", "-C", str(place)])
        assert result.exit_code == 2
        assert "there is no environment staging (environments/staging/)." in result.output


def test_an_unknown_rule_is_a_mistake_of_usage() -> None:
    result = CliRunner().invoke(app, ["policies", "one-shadows"])
    assert result.exit_code == 2
    assert 'there is no policy "one-shadows". Did you mean "one-shadow"?' in result.output
