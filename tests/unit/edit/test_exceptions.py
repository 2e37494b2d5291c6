"""Exceptions are appended in the manner of the file; the file is made where there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.edit.exceptions import append_exception
from reconciler.edit.tree import EditRefused
from reconciler.edit.writing import Style, write_text
from reconciler.load.yaml import read
from reconciler.state.documents import Value

FILE = "environments/production/exceptions.yaml"
HOLD: dict[str, Value] = {"deployment": "wines", "version": 5, "reason": "answers nonsense"}
SHOWN = "  - deployment: wines\n    version: 5\n    reason: answers nonsense\n"


def hold(text: str) -> str:
    return append_exception(FILE, text.encode(), "holds", HOLD).decode()


def test_a_file_that_is_missing_is_made() -> None:
    made = append_exception(FILE, None, "holds", HOLD).decode()
    heading, _, rest = made.partition("\n")
    assert heading == "# yaml-language-server: $schema=../../schemas/exceptions.schema.json"
    assert rest == f"holds:\n{SHOWN}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("freezes: []\n", f"freezes: []\nholds:\n{SHOWN}"),
        ("holds:\n  - {deployment: a, version: 1, reason: b}\n", None),
        ("holds: []\n", "holds: [{deployment: wines, version: 5, reason: answers nonsense}]\n"),
        ("{}\n", "{holds: [{deployment: wines, version: 5, reason: answers nonsense}]}\n"),
        (
            "waivers:\n- rule: max-prune\n  reason: 'moved'\n# end\n",
            """waivers:\n- rule: max-prune\n  reason: 'moved'
holds:\n- deployment: wines\n  version: 5\n  reason: 'answers nonsense'\n# end\n""",
        ),
        (
            "suspensions:\n    - deployment: wines\n      # until friday\n",
            """suspensions:\n    - deployment: wines\n      # until friday
holds:\n    - deployment: wines\n      version: 5\n      reason: answers nonsense\n""",
        ),
    ],
)
def test_in_the_manner_of_the_file(before: str, after: str | None) -> None:
    added = "  - {deployment: wines, version: 5, reason: answers nonsense}\n"
    assert hold(before) == (before + added if after is None else after)


@pytest.mark.parametrize("text", ["- 1\n", "holds: 5\n", "holds: *x\n", "a: &x []\nholds: *x\n", ""])
def test_a_file_with_a_fault_is_refused(text: str) -> None:
    with pytest.raises(EditRefused, match=r"^environments/production/exceptions.yaml:\d+:\d+: "):
        hold(text)


@pytest.mark.parametrize(
    ("text", "quote", "written"),
    [
        ("see ticket 17", "", "see ticket 17"),
        ("2026-11-30", "", "2026-11-30"),
        ("2026-11-30T12:00Z", "", "2026-11-30T12:00Z"),
        ("production/wines", "", "production/wines"),
        ("it's größer", "", '"it\'s größer"'),
        ("it's", "'", "'it''s'"),
        ("plain", '"', '"plain"'),
        ("a: b", "", '"a: b"'),
        ("a #b", "", '"a #b"'),
        ("yes", "", '"yes"'),
        ("17", "", '"17"'),
        ("", "", '""'),
        ("a\nb\\\x85\u2028", "'", '"a\\x0ab\\\\\\x85\\u2028"'),
    ],
)
def test_text_is_plain_where_all_readers_agree(text: str, quote: str, written: str) -> None:
    assert write_text(text, quote) == written


@given(text=st.text(st.characters(exclude_categories=["Cs"])), quote=st.sampled_from(["", "'", '"']))
def test_what_is_written_is_read_again(text: str, quote: str) -> None:
    style = Style(values={"reason": quote})
    for shown in (style.pair("reason", text), style.mapping({"reason": text})):
        document = read(FILE, shown.encode()).document
        assert document is not None
        assert document.value == {"reason": text}


@given(reason=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), number=st.integers(1, 999))
def test_an_exception_reads_as_it_was_meant(reason: str, number: int) -> None:
    entry: dict[str, Value] = {"deployment": "wines", "version": number, "reason": reason}
    made = append_exception(FILE, None, "holds", entry)
    again = append_exception(FILE, made, "holds", HOLD)
    assert again == made + SHOWN.encode()
    document = read(FILE, again).document
    assert document is not None
    assert document.value == {"holds": (entry, HOLD)}


def test_values_of_each_kind() -> None:
    entry: dict[str, Value] = {"objects": ("a", "b"), "until": None, "x": {"low": 1.5, "open": False}}
    assert Style().mapping(entry) == "{objects: [a, b], until: null, x: {low: 1.5, open: false}}"
