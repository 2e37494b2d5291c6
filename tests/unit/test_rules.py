"""What holds for every rule: how its findings speak, and that it reaches for nothing outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.policy.engine import Need, Policy
from reconciler.policy.grading import Rule
from reconciler.policy.parameters import is_measurable
from reconciler.policy.policies import POLICIES
from reconciler.policy.rules import list_rules
from reconciler.state.findings import Finding
from tests.unit.test_examples import EXAMPLES, cases_of, find_all

ROOT = Path(__file__).parents[2]


def find_own(policy: Policy, scratch: Path) -> list[Finding]:
    """What a policy finds in its own negative examples."""
    cases = [case for case in cases_of("negative") if case.relative_to(EXAMPLES).parts[0] == policy.id]
    return [one for case in cases for one in find_all(case, scratch) if one.rule == policy.id]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_findings_name_their_object_first_and_say_what_to_do(policy: Policy, tmp_path: Path) -> None:
    found = find_own(policy, tmp_path)
    assert found
    for finding in found:
        # A model is called by its name; in waivers it stands with its folder.
        name = finding.subject.removeprefix("models/")
        assert name, finding
        forms = (f"{name}: ", f"{name} v", f"{finding.subject}: ")
        assert finding.message.startswith(forms), (finding.subject, finding.message)
        assert finding.message.endswith((".", "?")), finding.message
        assert finding.advice, finding


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_findings_stand_at_a_line_and_column_of_a_file(policy: Policy, tmp_path: Path) -> None:
    for finding in find_own(policy, tmp_path):
        assert finding.location.file
        assert finding.location.line >= 1
        assert finding.location.column >= 1
        assert (finding.location.end_line, finding.location.end_column) >= (
            finding.location.line,
            finding.location.column,
        )


PARAMETERS = [rule for rule in list_rules().values() if rule.parameter is not None]


@pytest.mark.parametrize("rule", PARAMETERS, ids=lambda rule: rule.id)
def test_a_parameter_has_a_form_that_its_default_keeps(rule: Rule) -> None:
    assert rule.parameter is not None
    assert rule.parameter.form
    assert rule.parameter.default in (None, {}) or is_measurable(rule.parameter, rule.parameter.default)
    assert not is_measurable(rule.parameter, "certainly not")


def test_rules_that_are_decided_offline_reach_for_nothing() -> None:
    offline = {policy.id for policy in POLICIES if Need.REGISTRY not in policy.needs}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.offline_rules"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert offline <= set(done.stdout.split())
