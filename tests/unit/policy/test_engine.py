"""What policies are, how they are run, and that each of them is complete."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from dataclasses import replace

import pytest

from reconciler.policy import policies as package
from reconciler.policy.context import Context
from reconciler.policy.engine import HEADINGS, Need, Policy, run_policies, split_documentation
from reconciler.policy.policies import POLICIES
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade, Undecided
from reconciler.state.repository import EnvironmentEntry, Repository
from tests.unit.policy.building import DEPLOYMENT, NOW, context, repository


def _check(given: Context) -> Iterator[Finding]:
    for placed in reversed(given.deployments):
        yield EXAMPLE.finding(placed.at("variants"), f"{placed.id}: second")
        yield EXAMPLE.finding(placed.at("model"), f"{placed.id}: first", "advice")


EXAMPLE = Policy(id="example", documentation="An example.\n\nWhy\n    Because.\n", check=_check)


def test_findings_carry_rule_and_grade_and_are_sorted() -> None:
    judged = run_policies(context(), (EXAMPLE,))
    findings, undecided = judged.findings, judged.undecided
    assert [(finding.message, finding.location.line) for finding in findings] == [
        ("production/wines: first", 1),
        ("production/wines: second", 3),
    ]
    assert {(finding.rule, finding.grade) for finding in findings} == {("example", Grade.HARD)}
    assert findings[0].advice == "advice"
    assert undecided == ()


def test_what_lacks_a_time_is_undecided() -> None:
    policy = replace(EXAMPLE, id="dated", needs=(Need.TIME,))
    judged = run_policies(Context(repository=Repository()), (policy,))
    assert judged.findings == ()
    assert judged.undecided == (Undecided(rule="dated", reason="no time was given"),)


def test_what_lacks_a_base_is_undecided() -> None:
    policy = Policy(id="change", documentation="", check=_check, needs=(Need.DECLARATIONS, Need.BASE))
    judged = run_policies(context(), (policy,))
    assert judged.findings == ()
    assert judged.undecided == (Undecided(rule="change", reason="no base: use --base"),)
    with_base = Context(repository=repository(), base=repository())
    assert len(run_policies(with_base, (policy,)).findings) == 2


def test_an_empty_repository_has_no_findings() -> None:
    assert run_policies(Context(repository=Repository(), now=NOW), POLICIES).findings == ()


def test_a_deployment_in_an_environment_that_cannot_be_read_is_still_judged() -> None:
    given = repository({DEPLOYMENT: "model: wines\nvariants: [{version: 3, traffic: 90}]\n"})
    deployments = given.environments["production"].deployments
    faulty = EnvironmentEntry(name="production", deployments=deployments)
    unread = Repository(models=given.models, environments={"production": faulty})
    findings = run_policies(Context(repository=unread), POLICIES).findings
    assert [finding.rule for finding in findings] == ["traffic-sums-to-100"]


def test_context_lists_deployments_in_order_of_name() -> None:
    given = context(
        {
            "environments/a/environment.yaml": "namespace: a\n",
            "environments/a/deployments/z.yaml": "model: wines\nvariants: [{version: 3, traffic: 100}]\n",
            "environments/a/deployments/b.yaml": "model: wines\nvariants: "
            "[{version: 3, traffic: 100}]\nretire: true\n",
        }
    )
    assert [placed.id for placed in given.deployments] == ["a/b", "a/z", "production/wines"]
    assert [placed.id for placed in given.served] == ["a/z", "production/wines"]


def test_documentation_is_split_by_its_headings() -> None:
    assert EXAMPLE.title == "An example"
    assert split_documentation(EXAMPLE) == {"Why": "    Because."}


def test_every_policy_file_is_listed() -> None:
    files = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert {policy.id.replace("-", "_") for policy in POLICIES} == files


def test_no_two_policies_share_an_id() -> None:
    assert len({policy.id for policy in POLICIES}) == len(POLICIES)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_every_policy_is_documented_in_the_fixed_form(policy: Policy) -> None:
    sections = split_documentation(policy)
    assert tuple(sections) == HEADINGS
    assert all(sections.values())
    assert 10 < len(policy.title) < 80
    assert policy.needs


def test_a_location_is_shown_as_editors_read_it() -> None:
    assert str(EXAMPLE.finding(Location(file="a.yaml", line=2, column=3), "m").location) == "a.yaml:2:3"
