"""The table of README.md and the `covers` markers of the tests: who proves which id.

Both are read as text, without running anything: a table cannot be right by accident of what was imported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).parent / "README.md"
IDS = (
    *(f"B{number}" for number in range(1, 41)),
    *(f"T{number}" for number in range(1, 27)),
    *(f"S{number}" for number in range(13)),
)
"""Behaviours, traps and rows of the crash matrix, in the table's order."""

_ROW = re.compile(r"\| (?P<id>[BTS]\d+) \| (?P<promise>.*?) \| (?P<tests>.*?) ?\|")
_TEST = re.compile(r"`([^`]+)`")
_NEVER_RUN = frozenset({"skip", "skipif", "xfail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One id, what is promised in its name, and the tests that prove it: `path::function` or with a class."""

    id: str
    promise: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTest:
    """One test function as it is written; its markers are its own, its class's and its module's."""

    name: str
    covers: frozenset[str]
    left_out: bool


def read_table(text: str) -> tuple[Row, ...]:
    """The rows of the table, in its order."""
    return tuple(
        Row(id=match["id"], promise=match["promise"], tests=tuple(_TEST.findall(match["tests"])))
        for match in map(_ROW.fullmatch, text.splitlines())
        if match
    )


def write_table(text: str, tests: Mapping[str, FoundTest]) -> str:
    """The page with the last column anew: all tests that carry the id."""
    lines = []
    for line in text.splitlines():
        match = _ROW.fullmatch(line)
        if match:
            names = sorted(test.name for test in tests.values() if match["id"] in test.covers)
            shown = "<br>".join(f"`{name}`" for name in names)
            line = f"| {match['id']} | {match['promise']} | {shown} |"
        lines.append(line)
    return "\n".join(lines) + "\n"


def find_tests(folder: Path = ROOT / "tests") -> dict[str, FoundTest]:
    """All tests below the folder by name, which begins with the file's path from the repository's root."""
    return {
        test.name: test
        for file in sorted(folder.rglob("test_*.py"))
        for test in _read_tests(file.relative_to(ROOT).as_posix(), ast.parse(file.read_bytes()))
    }


def _read_tests(path: str, module: ast.Module) -> Iterator[FoundTest]:
    marks = [
        mark
        for statement in module.body
        if isinstance(statement, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in statement.targets)
        for mark in ast.walk(statement.value)
        if isinstance(mark, ast.expr)
    ]
    yield from _walk(path, module.body, tuple(marks))


def _walk(place: str, body: list[ast.stmt], marks: tuple[ast.expr, ...]) -> Iterator[FoundTest]:
    for statement in body:
        if isinstance(statement, ast.ClassDef) and statement.name.startswith("Test"):
            inherited = (*marks, *statement.decorator_list)
            yield from _walk(f"{place}::{statement.name}", statement.body, inherited)
        elif isinstance(statement, ast.FunctionDef) and statement.name.startswith("test_"):
            own = (*marks, *statement.decorator_list)
            yield FoundTest(
                name=f"{place}::{statement.name}",
                covers=frozenset(found for mark in own for found in _read_ids(mark)),
                left_out=any(_read_marker(mark) in _NEVER_RUN for mark in own),
            )


def _read_ids(mark: ast.expr) -> Iterator[str]:
    if isinstance(mark, ast.Call) and _read_marker(mark) == "covers":
        for argument in mark.args:
            if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
                raise ValueError(f"line {mark.lineno}: covers takes ids as plain text")
            yield argument.value


def _read_marker(mark: ast.expr) -> str:
    """`covers` of `@pytest.mark.covers(...)`, with or without arguments; empty for any other expression."""
    named = mark.func if isinstance(mark, ast.Call) else mark
    return named.attr if isinstance(named, ast.Attribute) and _ends_with_mark(named.value) else ""


def _ends_with_mark(expression: ast.expr) -> bool:
    return isinstance(expression, ast.Attribute) and expression.attr == "mark"
