"""What a template gives is read as JSON, or refused with its line."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.render.documents import Unreadable, read_documents


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("a: -12", {"a": -12}),
        ("a: 1.5", {"a": 1.5}),
        ("a: true", {"a": True}),
        ("a: null", {"a": None}),
        ("a:", {"a": None}),
        ("a: ~", {"a": None}),
        ("a: words and more", {"a": "words and more"}),
        ('a: "yes"', {"a": "yes"}),
        ('a: "2026-11-23"', {"a": "2026-11-23"}),
        ("a: [1, {b: c}]", {"a": [1, {"b": "c"}]}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("[]", []),
    ],
)
def test_plain_values_are_read(text: str, value: Any) -> None:
    assert read_documents(text) == (value,)


def test_documents_without_a_value_are_left_out() -> None:
    assert read_documents("---\n# nothing\n---\na: 1\n---\n") == ({"a": 1},)
    assert read_documents("") == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: yes", 2, "yes is not read alike everywhere"),
        ("a: True", 1, "True is not read alike everywhere"),
        ("a: 010", 1, "010"),
        ("a: 1_000", 1, "1_000"),
        ("a: 12:30:00", 1, "12:30:00"),
        ("a: .inf", 1, ".inf"),
        ("a: 2026-11-23", 1, "timestamp"),
        ("a: !!binary aGk=", 1, "binary"),
        ("a: !own b", 1, "!own"),
        ("a: &x {b: 1}\nc: *x", 2, "*x is not followed"),
        ("a: 1\na: 2", 2, '"a" is given twice'),
        ("a: {<<: {b: 1}}", 1, "<< is not read alike"),
        ("1: a", 1, "a key is no text"),
        ("? [a]\n: b", 1, "a key is no text"),
        ("a: [", 1, "no YAML"),
        ("a: b: c", 1, "no YAML"),
        ("[" * 41 + "]" * 41, 1, "nested more than 40 deep"),
    ],
)
def test_what_readers_read_differently_is_refused(text: str, line: int, words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_documents(text)
    assert refused.value.line == line
    assert words in refused.value.detail
