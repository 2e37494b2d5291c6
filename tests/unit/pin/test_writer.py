from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.clients.registry.interface import LoggedModelFacts
from reconciler.load.documents import load
from reconciler.pin.comparison import compare
from reconciler.pin.writer import MODELINE, write_record
from reconciler.state.declarations import VersionRecord
from reconciler.validate.parse import parse
from tests.unit.pin.building import LOGGED_MODEL, a_record
from tests.unit.report.golden import check_golden


def read_back(text: str) -> VersionRecord:
    """The record as the loader and the parser of the repository see it; no finding may be left."""
    model = b'registeredModel: wine-quality\nowners: ["@wine-team"]\n'
    loaded = load({"models/wines/model.yaml": model, "models/wines/versions/5.yaml": text.encode("utf-8")})
    repository, findings = parse(loaded)
    assert (*loaded.findings, *findings) == ()
    return repository.models["wines"].records[5].declaration


def test_the_text_is_the_one_that_was_reviewed() -> None:
    check_golden("pin-record.yaml", write_record(a_record()))


def test_what_is_written_is_read_back() -> None:
    assert compare(read_back(write_record(a_record())), a_record()) == ()


def test_the_modeline_comes_first() -> None:
    assert write_record(a_record()).splitlines()[0] == MODELINE


def test_one_changed_fact_changes_one_line() -> None:
    model = replace(LOGGED_MODEL, metrics={"rmse": 0.78, "mae": 0.611})
    before = write_record(a_record()).splitlines()
    after = write_record(a_record(logged_model=model)).splitlines()
    assert [line for line in after if line not in before] == ["    rmse: 0.78"]
    assert len(after) == len(before)


def test_a_version_with_nothing_but_files_can_be_written() -> None:
    record = a_record(logged_model=None, run=None, manifest=b"flavors: {custom: {}}")
    assert compare(read_back(write_record(record)), record) == ()


ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
WORDS = [
    "yes",
    "no",
    "null",
    "010",
    "1e3",
    "12:30",
    "{x}",
    "2026-11-30",
    "!tag",
    "&a",
    "*a",
    "<<",
    "0x10",
    ".5",
]
SURPRISES = st.sampled_from(
    [
        *"~[]'\"\\ \t=\u2028\u200f😀",
        *WORDS,
        "",
        "- a",
        "a: b",
        "a #b",
        "v5 ",
        ".inf",
        "1_0",
        "9" * 64,
        "8e" + "1" * 30,
    ]
)
KEYS = st.one_of(ANY_TEXT, SURPRISES).filter(bool)
VALUES = st.one_of(ANY_TEXT, SURPRISES)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(
    parameters=st.dictionaries(KEYS, VALUES, max_size=4), metrics=st.dictionaries(KEYS, NUMBERS, max_size=4)
)
def test_whatever_people_log_is_read_back(parameters: dict[str, str], metrics: dict[str, float]) -> None:
    model: LoggedModelFacts = replace(LOGGED_MODEL, parameters=parameters, metrics=metrics)
    record: Any = a_record(logged_model=model, run=None)
    assert compare(read_back(write_record(record)), record) == ()
