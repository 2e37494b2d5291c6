"""Findings as JUnit's XML."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest

from reconciler.report import junit
from reconciler.report.rules import REPOSITORY, list_rules
from reconciler.state.findings import Undecided
from reconciler.validate.checks import Check
from tests.unit.report import check_scenes
from tests.unit.report.example import EXAMPLE, FILES, check_files, rules
from tests.unit.report.formats import find_junit_faults, read_junit

HOSTILE = check_scenes.make_check(
    check_scenes.make_finding(
        "known-keys", "]]></failure>\x00\x1b[2J\ufffe & <b>", file="environments/a\udcff/<x>.yaml"
    ),
    check_scenes.make_finding("unknown-file", 'a " quote', file="elsewhere.yaml"),
    undecided=(Undecided(rule="registry-version-exists", reason="a <proxy> said & no", blocking=True),),
)
PRICES = "environments/production/deployments/prices.yaml"
STAGING = "environments/staging/deployments/wines.yaml"
CHECKS = {"example": EXAMPLE, "clean": check_scenes.make_check(), "hostile": HOSTILE}


def read_cases(check: Check) -> dict[tuple[str, str], Element]:
    root = read_junit(junit.show_check(check, rules() if check is EXAMPLE else None))
    return {(case.attrib["classname"], case.attrib["name"]): case for case in root.iter("testcase")}


@pytest.mark.parametrize("name", CHECKS)
def test_the_schema_of_jenkins_has_nothing_against_it(name: str) -> None:
    assert find_junit_faults(junit.show_check(CHECKS[name])) == []


def test_the_schema_of_jenkins_would_tell_of_a_fault() -> None:
    shown = junit.show_check(EXAMPLE).replace("<testcase name=", "<testcase title=", 1)
    assert find_junit_faults(shown)


def test_passes_are_visible_for_each_rule_that_judges_the_object() -> None:
    cases = read_cases(EXAMPLE)
    assert len(cases["production/wines", "traffic-sums-to-100"]) == 0
    assert len(cases["models/wines", "known-keys"]) == 0
    assert ("models/wines", "traffic-sums-to-100") not in cases
    assert ("production", "waiver-expires-soon") in cases


def test_a_finding_fails_its_case_and_says_where() -> None:
    case = read_cases(EXAMPLE)["production/prices", "traffic-sums-to-100"]
    failure = case.find("failure")
    assert failure is not None
    assert failure.attrib["type"] == "hard"
    assert failure.attrib["message"].startswith("production/prices: live traffic sums to 95")
    assert str(failure.text).startswith("environments/production/deployments/prices.yaml:6:14\n")


def test_advice_and_what_is_waived_pass_and_are_told() -> None:
    cases = read_cases(EXAMPLE)
    for case, told in (
        (cases["production", "waiver-expires-soon"], "advice: environments/production/exceptions.yaml:"),
        (cases["production/wines", "variant-order"], "waived until 2026-11-25 by environments/production/"),
    ):
        assert [part.tag for part in case] == ["system-out"]
        assert str(case[0].text).startswith(told)


def test_what_is_not_decided_is_skipped_with_the_reason() -> None:
    case = read_cases(EXAMPLE)["production/wines", "soak"]
    assert [(part.tag, part.text) for part in case] == [("skipped", "not decided: no base: use --base")]


def test_policies_pass_nothing_that_they_could_not_look_at() -> None:
    cases = read_cases(EXAMPLE)
    assert [part.text for part in cases["staging/wines", "traffic-sums-to-100"]] == [
        "not decided: its file has faults of form"
    ]
    assert len(cases["staging/wines", "required-keys"]) == 0


@pytest.mark.parametrize(
    ("file", "skipped"),
    [
        ("environments/production/environment.yaml", {"production", "production/wines", "production/prices"}),
        ("environments/production/exceptions.yaml", {"production"}),
        ("models/wines/model.yaml", {"models/wines", "production/wines", "production/prices"}),
        ("models/wines/versions/5.yaml", {"models/wines", "production/wines", "production/prices"}),
        ("models/defaults.yaml", {"models/wines", "production/wines", "production/prices"}),
    ],
)
def test_a_faulty_file_leaves_open_what_rests_on_it(file: str, skipped: set[str]) -> None:
    check = check_files({**FILES, file: b"nonsense: 1\n", STAGING: FILES[PRICES]})
    shown = junit.show_check(replace(check, undecided=()))
    objects = {suite.attrib["name"] for suite in read_junit(shown) if suite.find("*/skipped") is not None}
    assert objects - {"staging/wines"} == skipped


def test_what_a_message_holds_stays_text() -> None:
    failure = read_cases(HOSTILE)["a\ufffd", "known-keys"].find("failure")
    assert failure is not None
    assert "]]></failure>\ufffd\ufffd[2J\ufffd & <b>" in str(failure.text)


def test_what_lies_in_no_object_belongs_to_the_repository() -> None:
    assert read_cases(HOSTILE)[REPOSITORY, "unknown-file"].find("failure") is not None


def test_counts_are_those_of_the_cases() -> None:
    root = read_junit(junit.show_check(EXAMPLE))
    for suite in root:
        cases = suite.findall("testcase")
        for count, tag in (("failures", "failure"), ("skipped", "skipped")):
            assert int(suite.attrib[count]) == sum(case.find(tag) is not None for case in cases)
        assert int(suite.attrib["tests"]) == len(cases)
    assert int(root.attrib["tests"]) == sum(int(suite.attrib["tests"]) for suite in root)


def test_every_rule_judges_something() -> None:
    assert [rule.id for rule in list_rules() if not rule.judges] == []
