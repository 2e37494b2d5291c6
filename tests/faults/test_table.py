"""The table in README.md is complete, and what it names is there. That it also ran: `ran.py`."""

from __future__ import annotations

import os

import pytest

from tests.faults.ran import find_unproven
from tests.faults.table import IDS, TABLE, Row, find_tests, read_table, write_table

TESTS = find_tests()


def read_rows() -> tuple[Row, ...]:
    text = TABLE.read_text(encoding="utf-8")
    if os.environ.get("MODELSYNC_BLESS"):
        text = write_table(text, TESTS)
        TABLE.write_text(text, encoding="utf-8")
    return read_table(text)


ROWS = read_rows()


def test_every_id_has_one_row_in_order() -> None:
    assert tuple(row.id for row in ROWS) == IDS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_says_what_is_promised_and_names_tests_that_are_there(row: Row) -> None:
    assert row.promise
    assert row.tests, f"{row.id}: no test"
    for name in row.tests:
        assert name in TESTS, f"{row.id}: there is no {name}"
        assert row.id in TESTS[name].covers, f'{name} lacks @pytest.mark.covers("{row.id}")'
        assert not TESTS[name].left_out, f"{name} is marked not to be run"


def test_no_test_carries_an_id_that_the_table_does_not_know() -> None:
    assert not [test.name for test in TESTS.values() if not test.covers <= frozenset(IDS)]


PROOF = "tests/a/test_b.py::test_it"


@pytest.mark.parametrize(
    ("reports", "unproven"),
    [
        ([(f"{PROOF}", "passed")], ()),
        ([(f"{PROOF}[one]", "passed"), (f"{PROOF}[two]", "passed")], ()),
        ([(f"{PROOF}[one]", "passed"), (f"{PROOF}[two]", "skipped")], ("B1",)),
        ([(f"{PROOF}[one]", "passed"), (f"{PROOF}[two]", "failed")], ("B1",)),
        ([(f"{PROOF}_too", "passed")], ("B1",)),
        ([], ("B1",)),
    ],
)
def test_an_id_is_proven_when_all_cases_of_its_tests_passed(
    reports: list[tuple[str, str]], unproven: tuple[str, ...]
) -> None:
    rows = (Row(id="B1", promise="…", tests=(PROOF,)),)

    found = find_unproven(rows, reports)

    assert tuple(key for key, _test, _outcome in found) == unproven
