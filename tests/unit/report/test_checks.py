"""Findings as text, JSON and GitHub annotations."""

from __future__ import annotations

import json

import pytest

from reconciler.report import github, json_check, text
from reconciler.state.findings import Grade, Undecided
from reconciler.validate.checks import Check
from tests.unit.report import check_scenes
from tests.unit.report.golden import check_golden

CHECKS: dict[str, Check] = {
    "clean": check_scenes.make_check(),
    "clean-undecided": check_scenes.make_check(undecided=check_scenes.NO_REGISTRY),
    "one-of-each": check_scenes.make_check(
        environments=1, deployments=1, undecided=check_scenes.NO_REGISTRY[:1]
    ),
    "faulty": check_scenes.FAULTY_CHECK,
    "advice-only": check_scenes.make_check(check_scenes.FAULTY_CHECK.findings[-1]),
}


@pytest.mark.parametrize("name", CHECKS)
def test_golden_text(name: str) -> None:
    check_golden(f"check-{name}.txt", text.show_check(CHECKS[name]))


@pytest.mark.parametrize("name", CHECKS)
def test_golden_github(name: str) -> None:
    check_golden(f"check-{name}.github.txt", github.show_check(CHECKS[name]))


def test_golden_json() -> None:
    shown = json_check.show_check(check_scenes.FAULTY_CHECK)
    assert json.loads(shown)["apiVersion"] == "modelsync.dev/validate/v2"
    check_golden("check-faulty.json", shown)


def _annotations(errors: int, advice: int) -> list[str]:
    findings = [
        check_scenes.make_finding("names-fit", f"production/m{index}: too long", line=index + 1)
        for index in range(errors)
    ]
    findings += [
        check_scenes.make_finding(
            "names-fit", f"production/a{index}: hashed", grade=Grade.ADVISORY, line=index + 1
        )
        for index in range(advice)
    ]
    return github.show_check(check_scenes.make_check(*findings)).splitlines()


def test_github_keeps_ten_of_a_level_so_ten_are_all_shown() -> None:
    lines = _annotations(10, 10)
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert sum(line.startswith("::warning ") for line in lines) == 10
    assert not any("more;" in line for line in lines)


def test_above_ten_the_last_says_how_many_more_there_are() -> None:
    lines = _annotations(11, 25)
    errors = [line for line in lines if line.startswith("::error ")]
    warnings = [line for line in lines if line.startswith("::warning ")]
    assert (len(errors), len(warnings)) == (10, 10)
    rest = "the step's summary lists them, as modelsync validate does"
    assert errors[-1] == f"::error title=modelsync validate::2 more; {rest}"
    assert warnings[-1] == f"::warning title=modelsync validate::16 more; {rest}"


def test_what_no_waiver_lifts_comes_first() -> None:
    soft = [
        check_scenes.make_finding("soak", f"production/m{index}", grade=Grade.SOFT) for index in range(12)
    ]
    lines = github.show_check(
        check_scenes.make_check(*soft, check_scenes.make_finding("names-fit", "too long"))
    )
    assert "title=names-fit::too long" in lines.splitlines()[0]


def test_what_could_not_be_asked_and_must_be_is_an_error() -> None:
    blocking = Undecided(rule="registry-version-exists", reason="it did not\n::answer", blocking=True)
    lines = github.show_check(check_scenes.make_check(undecided=(blocking,))).splitlines()
    assert lines[0] == "::error title=registry-version-exists::not decided: it did not%0A::answer"
    assert len(lines) == 2


def test_no_more_than_thirty_lines_however_much_is_wrong() -> None:
    assert len(_annotations(500, 500)) == 21


def test_a_message_cannot_smuggle_in_another_command() -> None:
    finding = check_scenes.make_finding(
        "known-keys", "first\n::error::second\r\n::set-output name=x::y", "100% sure"
    )
    lines = github.show_check(check_scenes.make_check(finding)).splitlines()
    assert len(lines) == 2
    assert "first%0A::error::second%0D%0A::set-output name=x::y%0A100%25 sure" in lines[0]


def test_a_file_name_cannot_add_properties() -> None:
    finding = check_scenes.make_finding("known-keys", "x", file="a,line=1:b%0A.yaml")
    assert github.show_check(check_scenes.make_check(finding)).startswith(
        "::error file=a%2Cline=1%3Ab%250A.yaml,line=7,"
    )
