"""One repository with one of each: found, waived, undecided, to be approved. In every format, golden."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator

from reconciler.load.documents import load
from reconciler.load.worktree import read_worktree
from reconciler.report import github, json_check, junit, sarif, step_summary, text
from reconciler.report.places import PlacedFinding, place_findings
from reconciler.validate.checks import Check, check
from tests.unit.report.example import EXAMPLE, FILES, WINES, check_files, rules
from tests.unit.report.formats import ROOT
from tests.unit.report.golden import check_golden

EXAMPLES = ROOT / "tests/examples"
SHOWN = {
    "validate/text.txt": text.show_check(EXAMPLE),
    "validate/json.json": json_check.show_check(EXAMPLE),
    "validate/sarif.json": sarif.show_check(EXAMPLE, rules()),
    "validate/junit.xml": junit.show_check(EXAMPLE, rules()),
    "validate/github.txt": github.show_check(EXAMPLE),
    "validate/summary.md": step_summary.show_check(EXAMPLE),
}


@pytest.mark.parametrize("name", SHOWN)
def test_golden(name: str) -> None:
    check_golden(name, SHOWN[name])


def test_the_example_has_one_of_each() -> None:
    assert {finding.grade.value for finding in EXAMPLE.findings} == {"hard", "advisory"}
    assert [item.finding.grade.value for item in EXAMPLE.waived] == ["soft"]
    assert EXAMPLE.undecided
    assert EXAMPLE.approvals


def test_json_keeps_its_schema() -> None:
    schema = json.loads((ROOT / "reconciler/report/schemas/validate.v2.schema.json").read_text("utf-8"))
    found = list(Draft202012Validator(schema).iter_errors(json.loads(SHOWN["validate/json.json"])))
    assert found == []


def test_the_schema_knows_every_key() -> None:
    schema = json.loads((ROOT / "reconciler/report/schemas/validate.v2.schema.json").read_text("utf-8"))
    assert _list_unknown(json.loads(SHOWN["validate/json.json"]), schema) == []


def test_the_page_names_every_key() -> None:
    page = (ROOT / "reconciler/report/OUTPUTS.md").read_text("utf-8")
    shown = json.loads(SHOWN["validate/json.json"])
    keys = {*shown, *shown["counts"], *shown["waived"][0], *shown["waived"][0]["waiver"]}
    keys |= {*shown["undecided"][0], *shown["approvals"][0]}
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


def test_a_line_above_leaves_every_fingerprint() -> None:
    moved = check_files({path: b"# one more line\n" + data for path, data in FILES.items()})
    assert _lines(moved_places := _all(moved)) != _lines(before := _all(EXAMPLE))
    assert [placed.fingerprint for placed in moved_places] == [placed.fingerprint for placed in before]


def test_an_item_that_stands_elsewhere_keeps_its_fingerprint() -> None:
    prices = "environments/production/deployments/prices.yaml"
    more = FILES[prices].replace(b"variants:\n", b"variants:\n  - version: 3\n    shadow: 5\n")
    (before,) = _of("traffic-sums-to-100", _all(EXAMPLE))
    (after,) = _of("traffic-sums-to-100", _all(check_files({**FILES, prices: more})))
    assert after.finding.location.line == before.finding.location.line + 2
    assert (after.path, after.fingerprint) == (before.path, before.fingerprint)


def test_another_object_and_another_value_have_fingerprints_of_their_own() -> None:
    prices = FILES["environments/production/deployments/prices.yaml"]
    files = {**FILES, WINES: prices, "environments/staging/deployments/prices.yaml": prices}
    sums = _of("traffic-sums-to-100", _all(check_files(files)))
    assert len({placed.fingerprint for placed in sums}) == 3


def test_two_findings_of_a_rule_at_one_value_are_told_apart() -> None:
    doubled = FILES[WINES] + b"trafic: 1\nshaddow: 2\n"
    found = _all(check_files({**FILES, WINES: doubled}))
    assert len({placed.fingerprint for placed in found}) == len(found)


def _all(found: Check) -> tuple[PlacedFinding, ...]:
    findings, waived = place_findings(found)
    return (*findings, *waived)


def _of(rule: str, placed: tuple[PlacedFinding, ...]) -> tuple[PlacedFinding, ...]:
    return tuple(item for item in placed if item.finding.rule == rule)


def _lines(placed: tuple[PlacedFinding, ...]) -> list[int]:
    return [item.finding.location.line for item in placed]


def _list_unknown(value: object, schema: dict[str, object], place: str = "$") -> list[str]:
    if isinstance(value, list):
        items = schema["items"]
        assert isinstance(items, dict)
        return [found for item in value for found in _list_unknown(item, items, f"{place}[]")]
    if not isinstance(value, dict):
        return []
    known = schema["properties"]
    assert isinstance(known, dict)
    missing = [f"{place}.{key}" for key in value if key not in known]
    nested = [
        found
        for key, item in value.items()
        if key in known
        for found in _list_unknown(item, known[key], f"{place}.{key}")
    ]
    return missing + nested


@pytest.mark.parametrize("case", sorted(EXAMPLES.glob("*/negative/*/")), ids=lambda case: case.parts[-3])
def test_whatever_is_wrong_with_a_file_its_findings_are_told_apart(case: Path) -> None:
    tree = read_worktree(case)
    found = _all(check(load(tree.files, links=tree.links, unreadable=tree.unreadable)))
    assert len({placed.fingerprint for placed in found}) == len(found)
    assert all(placed.finding.location.line > 1 for placed in found if "[" in placed.path)
