"""The list of rules that formats show."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.pin import verification
from reconciler.policy.engine import HEADINGS
from reconciler.policy.grading import name_subject
from reconciler.policy.policies import POLICIES
from reconciler.report.rules import find_kind, list_rules, show_markdown
from reconciler.validate.rules import REGISTRY_RULES

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RULES = {rule.id: rule for rule in list_rules()}


def test_each_rule_is_listed_once() -> None:
    assert len(RULES) == len(list_rules())
    assert {policy.id for policy in POLICIES} < RULES.keys()


def test_the_rules_of_the_registry_are_those_that_are_verified() -> None:
    assert REGISTRY_RULES.keys() == set(verification.RULES)


@pytest.mark.parametrize("policy", sorted(policy.id for policy in POLICIES))
def test_help_has_all_its_parts(policy: str) -> None:
    shown = show_markdown(RULES[policy])
    places = [shown.index(f"\n\n**{heading}**\n\n") for heading in HEADINGS]
    assert places == sorted(places)
    assert shown.count("```") == 2


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("production/wines", "deployment"),
        ("production", "environment"),
        ("models/wines", "model"),
        ("", "repository"),
    ],
)
def test_a_name_says_its_kind(subject: str, kind: str) -> None:
    assert find_kind(subject) == kind


@pytest.mark.parametrize("rule", sorted(path.name for path in EXAMPLES.iterdir() if path.name in RULES))
def test_what_the_examples_find_lies_in_objects_that_the_rule_is_said_to_judge(rule: str) -> None:
    kinds = set()
    for expected in EXAMPLES.glob(f"{rule}/negative/*/expected.txt"):
        for line in expected.read_text(encoding="utf-8").splitlines():
            place, found = line.split(" ", 2)[:2]
            if found == rule:
                kinds.add(find_kind(name_subject(place.rsplit(":", 2)[0])))
    assert kinds - RULES[rule].judges == set(), "say in reconciler/report/rules.py what it judges"
