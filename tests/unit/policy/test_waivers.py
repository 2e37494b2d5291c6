"""Grades by environment, what waivers lift, and whose approval they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.policy.context import Context
from reconciler.policy.engine import Judgement, run_policies
from reconciler.policy.grading import name_subject
from reconciler.policy.parameters import Parameter, find_value, find_wider, is_measurable, measure_count
from reconciler.policy.policies import POLICIES
from reconciler.policy.rules import find_max_prune, list_heeded
from reconciler.state.declarations import Environment
from reconciler.state.exceptions import Exceptions
from reconciler.state.findings import Finding, Grade
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, EXCEPTIONS, NOW, SOUND, repository

REORDERED = "model: wines\nvariants:\n  - {version: 5, traffic: 10}\n  - {version: 3, traffic: 90}\n"
WAIVER = "waivers:\n  - {rule: RULE, objects: [OBJECT], reason: sorted once, until: UNTIL}\n"


def waive(rule: str = "variant-order", name: str = "production/wines", until: str = "2026-11-30") -> str:
    return WAIVER.replace("RULE", rule).replace("OBJECT", name).replace("UNTIL", until)


def judge(
    *, exceptions: str | None = None, rules: str = "", before: str | None = None, owners: str = ""
) -> Judgement:
    """What is said of a change that reorders the variants of production/wines."""
    environment = f"{SOUND[ENVIRONMENT]}{owners}"
    changed = {DEPLOYMENT: REORDERED, EXCEPTIONS: exceptions, ENVIRONMENT: f"{environment}{rules}"}
    context = Context(
        repository=repository(changed),
        base=repository({EXCEPTIONS: before, ENVIRONMENT: environment}),
        now=NOW,
    )
    return run_policies(context, POLICIES)


def select(judged: Judgement, rule: str) -> list[Finding]:
    return [finding for finding in judged.findings if finding.rule == rule]


def test_a_waiver_lifts_a_soft_finding_and_it_is_still_told() -> None:
    judged = judge(exceptions=waive(), before=waive())
    assert judged.findings == ()
    (waived,) = judged.waived
    assert (waived.finding.rule, waived.finding.subject) == ("variant-order", "production/wines")
    assert (waived.waiver.reason, str(waived.location)) == ("sorted once", f"{EXCEPTIONS}:2:5")


@pytest.mark.parametrize(
    ("exceptions", "rules"),
    [
        (waive(until="2026-11-22"), ""),
        (waive(name="production/beers"), ""),
        (waive(name="staging/wines"), ""),
        (waive(rule="variant-role"), ""),
        (waive(until="2026-02-30"), ""),
        (waive(), "rules: {variant-order: {grade: hard}}\n"),
    ],
    ids=["ended", "another object", "another environment", "another rule", "no such day", "hard here"],
)
def test_what_no_waiver_lifts(exceptions: str, rules: str) -> None:
    judged = judge(exceptions=exceptions, before=exceptions, rules=rules)
    assert judged.waived == ()
    assert [finding.is_error for finding in select(judged, "variant-order")] == [True]


def test_a_waiver_of_a_commit_holds_whatever_the_time_is() -> None:
    given = repository({DEPLOYMENT: REORDERED, EXCEPTIONS: waive(until="2020-01-01")})
    judged = run_policies(Context(repository=given, base=repository()), POLICIES)
    assert [one.finding.rule for one in judged.waived] == ["variant-order"]


@pytest.mark.parametrize(
    ("rules", "grade"),
    [
        ("", Grade.SOFT),
        ("rules: {variant-order: {grade: advisory}}\n", Grade.ADVISORY),
        ("rules: {variant-order: {grade: hard}}\n", Grade.HARD),
        ("protected: true\nrules: {variant-order: {grade: advisory}}\n", Grade.SOFT),
        ("protected: true\nrules: {variant-order: {grade: hard}}\n", Grade.HARD),
        ("rules: {variant-order: {grade: medium}}\n", Grade.SOFT),
    ],
)
def test_an_environment_sets_grades_and_a_protected_one_raises_them(rules: str, grade: Grade) -> None:
    assert [finding.grade for finding in select(judge(rules=rules), "variant-order")] == [grade]


def test_a_waiver_that_lifts_nothing_is_to_go_unless_what_needs_it_comes() -> None:
    unused = {EXCEPTIONS: waive()}
    context = Context(repository=repository(unused), base=repository(unused), now=NOW)
    (finding,) = select(run_policies(context, POLICIES), "waiver-unused")
    assert finding.grade is Grade.ADVISORY
    assert finding.message == (
        "production: the waiver of variant-order for production/wines lifts nothing: the rule finds nothing "
        "there that a waiver could lift."
    )
    assert finding.advice == "Remove it, unless a change that needs it is still to come."


def test_what_rendering_relies_on_stays_hard() -> None:
    faulty = {
        DEPLOYMENT: "model: wines\nvariants: [{version: 3, traffic: 90}]\n",
        ENVIRONMENT: f"{SOUND[ENVIRONMENT]}rules: {{traffic-sums-to-100: {{grade: advisory}}}}\n",
        EXCEPTIONS: waive(rule="traffic-sums-to-100"),
    }
    judged = run_policies(Context(repository=repository(faulty), now=NOW), POLICIES)
    assert [one.grade for one in select(judged, "traffic-sums-to-100")] == [Grade.HARD]
    assert judged.waived == ()


def test_a_waiver_that_comes_with_the_change_needs_an_owner_of_the_base() -> None:
    judged = judge(exceptions=waive(), owners='owners: ["@ml-platform"]\n')
    (approval,) = judged.approvals
    assert (approval.rule, approval.subject) == ("variant-order", "production/wines")
    assert approval.owners == ("@ml-platform",)
    assert approval.reason == (
        "production: the waiver of variant-order for production/wines until 2026-11-30 "
        '(reason "sorted once") comes with this change.'
    )
    assert [finding.grade for finding in select(judged, "waiver-needs-approval")] == [Grade.ADVISORY]


def test_owners_who_come_with_the_change_approve_nothing() -> None:
    judged = judge(exceptions=waive(), rules='owners: ["@me"]\n')
    assert [approval.owners for approval in judged.approvals] == [()]
    assert [finding.grade for finding in select(judged, "waiver-needs-approval")] == [Grade.HARD]


def test_nobody_waives_the_rules_about_waivers() -> None:
    lenient = "rules: {waiver-too-long: {grade: soft}, waiver-needs-approval: {grade: soft}}\n"
    judged = judge(
        exceptions=waive(rule="waiver-too-long", name="production", until="2027-11-30"), rules=lenient
    )
    assert [finding.grade for finding in select(judged, "waiver-too-long")] == [Grade.HARD]
    own = waive(rule="waiver-needs-approval")
    judged = judge(exceptions=own + waive().removeprefix("waivers:\n"), rules=lenient)
    assert [finding.grade for finding in select(judged, "waiver-needs-approval")] == [Grade.HARD, Grade.HARD]
    assert "it is about what rules and waivers let through" in select(judged, "waivers-known")[0].message


def test_what_a_policy_finds_worse_than_its_grade_is_not_made_less() -> None:
    judged = judge(exceptions=waive(), rules="rules: {waiver-needs-approval: {grade: advisory}}\n")
    assert [finding.grade for finding in select(judged, "waiver-needs-approval")] == [Grade.HARD]


@pytest.mark.parametrize(
    ("file", "subject"),
    [
        ("environments/production/deployments/wines.yaml", "production/wines"),
        ("environments/production/exceptions.yaml", "production"),
        ("environments/production/extras/monitor.yaml.j2", "production"),
        ("models/wines/model.yaml", "models/wines"),
        ("models/wines/versions/3.yaml", "models/wines"),
        ("models/defaults.yaml", ""),
        ("CODEOWNERS", ""),
    ],
)
def test_what_a_file_is_about(file: str, subject: str) -> None:
    assert name_subject(file) == subject


class TestParameters:
    TIMES = Parameter(form="hours", default={"above": 24, "upTo10": 2}, measure=lambda value: _negate(value))

    def read(self, said: object, *, protected: bool = False) -> object:
        rules = {"namespace": "a", "protected": protected, "rules": {"times": said}}
        return find_value("times", self.TIMES, Environment.model_validate(rules))

    def test_each_key_of_a_block_has_its_own_default(self) -> None:
        assert self.read({"above": 12}) == {"above": 12, "upTo10": 2}
        assert self.read({"grade": "hard"}) == {"above": 24, "upTo10": 2}
        assert find_value("times", self.TIMES, None) == {"above": 24, "upTo10": 2}

    def test_where_rules_are_only_tightened_what_is_wider_does_not_count(self) -> None:
        assert self.read({"above": 12}, protected=True) == {"above": 24, "upTo10": 2}
        assert self.read({"above": 48}, protected=True) == {"above": 48, "upTo10": 2}
        assert find_wider(self.TIMES, {"above": 12, "upTo10": 1}) == ("above", "upTo10")

    def test_without_a_default_whatever_is_said_is_tighter(self) -> None:
        assert find_wider(replace(self.TIMES, default={}), {"above": 0}) == ()

    @pytest.mark.parametrize("value", [-1, True, "3", 2.5])
    def test_what_is_no_count(self, value: object) -> None:
        counted = Parameter(form="a number", default=3, measure=measure_count)
        assert not is_measurable(counted, value)
        assert find_wider(counted, 4) == ("",)


def _negate(value: Mapping[str, int]) -> Mapping[str, float]:
    """Longer times let less through."""
    return {part: -hours for part, hours in value.items()}


class TestGuards:
    def declare(self, rules: str, *, protected: bool = False) -> Environment:
        said = {"namespace": "a", "protected": protected, "rules": {"max-prune": rules} if rules else {}}
        return Environment.model_validate(said)

    def test_the_limit_of_prunes(self) -> None:
        assert find_max_prune(self.declare("")) is None
        assert find_max_prune(self.declare("50%")) == "50%"
        assert find_max_prune(self.declare("50%", protected=True)) == "20%"
        assert find_max_prune(self.declare("many")) == "20%"

    def test_waivers_of_guards_that_are_hard_here_are_not_heeded(self) -> None:
        exceptions = Exceptions.model_validate(
            {
                "waivers": tuple(
                    {"rule": rule, "objects": ("production",), "reason": "x", "until": "2026-11-30"}
                    for rule in ("max-prune", "fits-quota")
                )
            }
        )
        hard = Environment.model_validate({"namespace": "a", "rules": {"max-prune": {"grade": "hard"}}})
        assert [waiver.rule for waiver in list_heeded(hard, exceptions)] == ["fits-quota"]
        assert len(list_heeded(self.declare("20%"), exceptions)) == 2
        assert list_heeded(hard, None) == ()
