"""What an unquoted value means, and what is said of one that readers disagree on."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.load.scalars import Suspect, resolve_plain

RESOLVER: Any = yaml.SafeLoader("")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("90", 90),
        ("-1", -1),
        ("999999999999999999", 999999999999999999),
        ("0.779", 0.779),
        ("-0.5", -0.5),
        ("1.5e-07", 1.5e-07),
        ("1.0e+3", 1000.0),
    ],
)
def test_what_all_readers_read_alike_has_a_type(text: str, value: object) -> None:
    found = resolve_plain(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "wines",
        "yesterday",
        "nothing",
        "20%",
        "24h",
        "200m",
        "1.5Gi",
        "1.7.1",
        "4be2a91",
        "2026-11-30",
        "2026-11-30T12:00Z",
        "10:8080",
        "-",
        "-x",
        ".x",
        "+x",
        "..",
        "1,000",
        "<=2.20",
    ],
)
def test_other_words_are_text(text: str) -> None:
    assert resolve_plain(text) == text


@pytest.mark.covers("T24")
@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("yes", "Write true, or"),
        ("On", "Write true, or"),
        ("TRUE", "Write true, or"),
        ("y", "Write true, or"),
        ("no", "Write false, or"),
        ("OFF", "Write false, or"),
        ("N", "Write false, or"),
        ("~", "Remove the key, or"),
        ("Null", "Remove the key, or"),
        ("", "Write a value, or remove the key"),
        ("010", "Write 10, or"),
        ("00", "Write 0, or"),
        ("-0", "Write 0, or"),
        ("+7", "Write 7, or"),
        ("0x1f", "Write 31, or"),
        ("-0x10", "Write -16, or"),
        ("0o17", "Write 15, or"),
        ("0b101", "Write 5, or"),
        ("0b12", 'Write "0b12" in quotes'),
        ("1_000", "Write 1000, or"),
        ("1_000.5", "Write 1000.5, or"),
        ("1e3", "Write 1000, or"),
        ("1.5E3", "Write 1500, or"),
        ("1e-5", "Write 1.0e-05, or"),
        ("15e-1", "Write 1.5, or"),
        ("1e30", "Write 1.0e+30, or"),
        (".5", "Write 0.5, or"),
        ("5.", "Write 5.0, or"),
        ("12:30", 'Write "12:30" in quotes'),
        ("190:20:30.15", 'Write "190:20:30.15" in quotes'),
        (".inf", "Write a number, remove the key"),
        ("-.Inf", "Write a number, remove the key"),
        (".NaN", "Write a number, remove the key"),
        ("1.0e+999", "Write a number, remove the key"),
        ("1e999", 'Write "1e999" in quotes'),
        ("1234567890123456789", "Write it in quotes"),
        ("+1234567890123456789", 'Write "+1234567890123456789" in quotes'),
        ("1" * 5000, "Write it in quotes"),
        ("0x" + "f" * 5000, "Write it in quotes"),
    ],
)
def test_what_readers_disagree_on_is_refused_with_what_to_write(text: str, instead: str) -> None:
    found = resolve_plain(text)
    assert isinstance(found, Suspect)
    assert found.advice.startswith(instead)
    assert len(found.problem) < 200


def test_negative_zero_is_a_finding_but_not_a_fraction() -> None:
    assert resolve_plain("-0.0") == 0.0


@given(st.text(alphabet="0123456789+-._:eExXoObBaf", min_size=1, max_size=12))
def test_a_number_means_the_same_to_a_reader_of_yaml_1_1_and_to_one_of_json(text: str) -> None:
    found = resolve_plain(text)
    if isinstance(found, (int, float)):
        assert yaml.safe_load(text) == found
        assert json.loads(text) == found


@given(st.text(alphabet="abdefilnorstuyYNTF~xX_0123456789.:+-", max_size=8))
def test_text_is_text_to_a_reader_of_yaml_1_1_or_a_date(text: str) -> None:
    found = resolve_plain(text)
    if isinstance(found, str):
        tag = RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
        assert tag in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp")


@given(st.text(max_size=20))
def test_every_text_has_an_answer(text: str) -> None:
    found = resolve_plain(text)
    assert isinstance(found, (str, int, float, bool, Suspect)) or found is None
