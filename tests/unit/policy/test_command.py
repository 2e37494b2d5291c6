"""`modelsync policies` as people and programs read it."""

from __future__ import annotations

import json

from click.testing import CliRunner

from reconciler.cli.commands.policies import command
from reconciler.policy.policies import POLICIES
from reconciler.validate.rules import STRUCTURAL_RULES


def show(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_lists_each_rule_in_a_line() -> None:
    lines = show().splitlines()
    assert len(lines) == len(POLICIES) + len(STRUCTURAL_RULES)
    assert lines[0].split() == ["names-fit", "hard", *POLICIES[0].title.split()]


def test_explains_a_policy() -> None:
    text = show("traffic-sums-to-100")
    assert text.startswith("traffic-sums-to-100 (hard)\n\nLive traffic sums to 100.\n")
    assert "\nWhy\n" in text


def test_explains_a_rule_of_form() -> None:
    assert show("duplicate-keys") == "duplicate-keys (hard)\n\nA key is given once.\n"


def test_json_holds_all_of_it() -> None:
    shown = json.loads(show("-o", "json"))
    assert shown["apiVersion"] == "modelsync.dev/policies/v1"
    assert {"id", "grade", "title", "documentation"} == set(shown["policies"][0])
    only = json.loads(show("one-shadow", "-o", "json"))
    assert [policy["id"] for policy in only["policies"]] == ["one-shadow"]


def test_an_unknown_rule_is_a_mistake_of_usage() -> None:
    result = CliRunner().invoke(command, ["one-shadows"])
    assert result.exit_code == 2
    assert 'there is no policy "one-shadows". Did you mean "one-shadow"?' in result.output
