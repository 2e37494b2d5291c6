"""Findings as SARIF 2.1.0."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.policy.policies import POLICIES
from reconciler.report import sarif
from reconciler.state.findings import Undecided
from reconciler.validate.checks import Check
from reconciler.validate.rules import REGISTRY_RULES, STRUCTURAL_RULES
from tests.unit.report import check_scenes
from tests.unit.report.example import EXAMPLE
from tests.unit.report.formats import find_sarif_faults

HOSTILE = check_scenes.make_check(
    check_scenes.make_finding(
        "known-keys", 'x"},\n\x00{"level": "none"', file="environments/a b/ü%2F#?\udcff.yaml"
    ),
    check_scenes.make_finding("rule-of-tomorrow", "unknown to the list"),
    undecided=(Undecided(rule="registry-version-exists", reason="no answer", blocking=True),),
)
CHECKS = {"example": EXAMPLE, "clean": check_scenes.make_check(), "hostile": HOSTILE}


def run_of(check: Check) -> dict[str, Any]:
    log = json.loads(sarif.show_check(check))
    run: dict[str, Any] = log["runs"][0]
    return run


@pytest.mark.parametrize("name", CHECKS)
def test_the_official_schema_has_nothing_against_it(name: str) -> None:
    assert find_sarif_faults(sarif.show_check(CHECKS[name])) == []


def test_the_official_schema_would_tell_of_a_fault() -> None:
    log = json.loads(sarif.show_check(EXAMPLE))
    log["runs"][0]["results"][0]["level"] = "advice"
    del log["runs"][0]["results"][1]["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert len(find_sarif_faults(json.dumps(log))) == 2


def test_every_rule_has_help_and_every_result_leads_to_its_rule() -> None:
    run = run_of(EXAMPLE)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [
        *(policy.id for policy in POLICIES),
        *STRUCTURAL_RULES,
        *REGISTRY_RULES,
    ]
    assert all(rule["help"]["text"] and rule["help"]["markdown"] for rule in rules)
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [
        result["ruleId"] for result in run["results"]
    ]


def test_help_is_markdown_with_the_example_as_code() -> None:
    rules = {rule["id"]: rule for rule in run_of(EXAMPLE)["tool"]["driver"]["rules"]}
    shown = rules["traffic-sums-to-100"]["help"]["markdown"]
    assert shown.startswith("Live traffic sums to 100.\n\n**What it checks**\n\nThe traffic of")
    assert "**Example**\n\n```yaml\nvariants:\n  - version: 3\n" in shown


def test_the_level_is_that_of_the_grade() -> None:
    results = run_of(EXAMPLE)["results"]
    levels = {(result["properties"]["grade"], result["level"]) for result in results}
    assert levels == {("hard", "error"), ("soft", "error"), ("advisory", "warning")}


def test_a_waived_finding_is_suppressed_by_its_waiver_and_no_other_is() -> None:
    *counting, waived = run_of(EXAMPLE)["results"]
    assert [result["suppressions"] for result in counting] == [[]] * len(counting)
    (suppression,) = waived["suppressions"]
    assert waived["ruleId"] == "variant-order"
    assert suppression["justification"].endswith("(until 2026-11-25)")
    place = suppression["location"]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "environments/production/exceptions.yaml"


def test_what_is_not_decided_is_a_notification_and_fails_where_it_blocks() -> None:
    (decided,) = run_of(EXAMPLE)["invocations"]
    (blocked,) = run_of(HOSTILE)["invocations"]
    assert decided["executionSuccessful"]
    assert not blocked["executionSuccessful"]
    assert decided["toolExecutionNotifications"][0]["associatedRule"]["id"] == "soak"
    assert blocked["toolExecutionNotifications"][0]["level"] == "error"


def test_a_file_name_is_a_uri_whatever_it_holds() -> None:
    place = run_of(HOSTILE)["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "environments/a%20b/%C3%BC%252F%23%3F%FF.yaml"
