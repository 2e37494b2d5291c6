"""No declared field is forgotten: each reaches manifest or plan, is refused, or is read by somebody else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.load.layout import FileKind
from reconciler.load.yaml import read
from reconciler.pin.comparison import compare
from reconciler.state.declarations import VersionRecord
from reconciler.validate.parse import parse_document
from reconciler.validate.schema import schema_of
from tests.unit.fields.elsewhere import COMPARED, ELSEWHERE, NOT_SERVED
from tests.unit.fields.page import write_page
from tests.unit.fields.reach import SCENES, find_effects, list_fields

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "reconciler"
PAGE = PACKAGE / "render" / "FIELDS.md"
RECORD = SCENES[0] / "models" / "wines" / "versions" / "3.yaml"

# Shares of live variants sum to 100: one alone cannot be changed (it is below).
TOGETHER = "Variant.traffic"


def test_every_field_reaches_something() -> None:
    effects = find_effects()
    forgotten = [
        name
        for name, block in list_fields(frozenset(NOT_SERVED)).items()
        if name not in ELSEWHERE
        and name not in NOT_SERVED
        and name != TOGETHER
        and block.__name__ not in COMPARED
        and not (name in effects and effects[name].paths)
    ]
    assert forgotten == []


def test_what_reaches_a_manifest_is_not_said_to_be_read_elsewhere() -> None:
    effects = find_effects()
    assert [name for name in ELSEWHERE if name in effects and effects[name].paths] == []


@pytest.mark.parametrize("name", [name for name, one in ELSEWHERE.items() if one.rule])
def test_a_rule_reads_what_is_not_rendered(name: str) -> None:
    assert ELSEWHERE[name].rule in find_effects()[name].rules


@pytest.mark.parametrize("name", [name for name, one in ELSEWHERE.items() if one.reader])
def test_code_reads_what_no_rule_decides(name: str) -> None:
    assert ELSEWHERE[name].word in (PACKAGE / ELSEWHERE[name].reader).read_text(encoding="utf-8")


def test_the_tables_name_fields_that_there_are() -> None:
    assert {*ELSEWHERE, *NOT_SERVED, TOGETHER} <= set(list_fields())


def test_shares_reach_their_predictors() -> None:
    rendered = (ROOT / "tests/golden/canary-and-shadow/rendered.yaml").read_text(encoding="utf-8")
    declared = ROOT / "tests/golden/canary-and-shadow/input/environments/production/deployments/wines.yaml"
    for share in ("traffic: 90", "traffic: 10"):
        assert share in declared.read_text(encoding="utf-8")
        assert share in rendered


def _record(value: Any) -> VersionRecord:
    return VersionRecord.model_validate(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize(
    ("block", "key", "other"),
    [
        ("identity", "created", "2026-11-22T00:00:00Z"),
        ("identity", "loggedModel", "m-other"),
        ("identity", "run", "other"),
        ("loader", "flavours", {}),
        ("loader", "mlflow", "3.0.0"),
        ("loader", "python", "3.10.0"),
        ("loader", "signature", {"inputs": "[1]"}),
        ("evidence", "metrics", {"rmse": 0.4}),
        ("evidence", "parameters", {"alpha": 0.2}),
        ("evidence", "dataset", {"name": "other"}),
        ("evidence", "tags", {}),
        ("evidence", "commit", "0000000"),
    ],
)
def test_facts_of_a_record_are_compared_with_the_registry(block: str, key: str, other: Any) -> None:
    document = read(RECORD.name, RECORD.read_bytes()).document
    assert document is not None
    value = _plain(document.value)
    changed = {**value, block: {**value[block], key: other}}
    moved = compare(_record(value), _record(changed))
    assert {one.path[:2] for one in moved} == {(block, key)}


NOT_SERVED_TEXTS: Mapping[str, str] = {
    "Deployment.experiment": "experiment: {}",
}


@pytest.mark.parametrize("name", NOT_SERVED)
def test_what_nothing_acts_on_is_refused(name: str) -> None:
    document = read("file.yaml", NOT_SERVED_TEXTS[name].encode()).document
    assert document is not None
    _, findings = parse_document(FileKind(NOT_SERVED[name]), document)
    assert "not-served-yet" in {finding.rule for finding in findings}


def test_the_page_is_current() -> None:
    page = write_page()
    if os.environ.get("MODELSYNC_BLESS") == "1":
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page, "accept it with: scripts/bless tests/unit/fields"


def test_the_page_has_every_key_of_every_schema() -> None:
    page = PAGE.read_text(encoding="utf-8")
    keys = {
        key
        for kind in FileKind
        for name, block in (("", schema_of(kind)), *schema_of(kind).get("$defs", {}).items())
        # Its keys are the rules, which modelsync policies lists.
        if name != "Rules"
        for key in block.get("properties", {})
    }
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []
