"""SECURITY.md and the tests of attacks say the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests/hostile"
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py(?:::\w+)+)`")
ROW = re.compile(r"^\| ([TFPJ]\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def _list_tests(file: Path) -> Iterator[str]:
    """The names of a file's tests as pytest calls them, without their parameters."""
    name = file.relative_to(ROOT).as_posix()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield f"{name}::{node.name}"
        elif isinstance(node, ast.ClassDef):
            inside = (part for part in node.body if isinstance(part, ast.FunctionDef))
            yield from (
                f"{name}::{node.name}::{part.name}" for part in inside if part.name.startswith("test_")
            )


def test_rows_are_numbered_without_gaps() -> None:
    ids = [row[1] for row in ROW.finditer(TEXT)]
    assert len(ids) == len(re.findall(r"^\| [TFPJ]\d", TEXT, re.MULTILINE))
    for letter in "TFPJ":
        numbers = [int(one[1:]) for one in ids if one[0] == letter]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("row", tuple(ROW.finditer(TEXT)), ids=lambda row: str(row[1]))
def test_every_row_names_tests_that_exist(row: re.Match[str]) -> None:
    names = NAMED.findall(row[4])
    assert names
    assert "<br>".join(f"`{name}`" for name in names) == row[4]
    for name in names:
        assert name in set(_list_tests(ROOT / name.partition("::")[0])), name


def test_every_hostile_test_is_in_the_table() -> None:
    here = {name for file in FOLDER.glob("test_*.py") if file != Path(__file__) for name in _list_tests(file)}
    assert here == {name for name in NAMED.findall(TEXT) if name.startswith("tests/hostile/")}
