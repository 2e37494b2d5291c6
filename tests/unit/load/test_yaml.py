"""One file becomes one plain value, or findings that say where and why not."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.load.limits import FINDINGS
from reconciler.load.yaml import Reading, read
from reconciler.state.documents import Value


def value_of(text: str) -> Value:
    reading = read("file.yaml", text.encode())
    assert reading.findings == ()
    assert reading.document is not None
    return reading.document.value


def rules_of(reading: Reading) -> list[tuple[str, str]]:
    return [(str(finding.location), finding.rule) for finding in reading.findings]


def test_a_file_is_mappings_tuples_and_plain_values() -> None:
    text = """\
        model: wines
        variants:
          - {version: 3, traffic: 90}
          - {version: 5, traffic: 10, name: "5"}
        rate: 0.5
        retire: false
        nothing: null
        empty: [{}, [], ""]
        long: |
          two
          lines
        """
    assert value_of(text) == {
        "model": "wines",
        "variants": ({"version": 3, "traffic": 90}, {"version": 5, "traffic": 10, "name": "5"}),
        "rate": 0.5,
        "retire": False,
        "nothing": None,
        "empty": ({}, (), ""),
        "long": "two\nlines\n",
    }


def test_keys_are_text_as_written() -> None:
    assert value_of("{1: a, on: b, null: c, 010: d, ~: e}") == {
        "1": "a",
        "on": "b",
        "null": "c",
        "010": "d",
        "~": "e",
    }


def test_an_alias_repeats_any_value() -> None:
    text = "{a: &a {x: 1}, b: *a, c: &c text, d: *c, e: [*a, *c], &f f: 1, g: *f}"
    assert value_of(text) == {
        "a": {"x": 1},
        "b": {"x": 1},
        "c": "text",
        "d": "text",
        "e": ({"x": 1}, "text"),
        "f": 1,
        "g": "f",
    }


def test_all_faults_of_a_file_are_found_at_once() -> None:
    text = "a: yes\na: 1\nb: 010\nc: !!int 5\nd:\n  <<: {}\ne: 1e3\n"
    reading = read("file.yaml", text.encode())
    assert rules_of(reading) == [
        ("file.yaml:1:4", "plain-scalars"),
        ("file.yaml:2:1", "duplicate-keys"),
        ("file.yaml:3:4", "plain-scalars"),
        ("file.yaml:4:4", "custom-tags"),
        ("file.yaml:6:3", "merge-keys"),
        ("file.yaml:7:4", "plain-scalars"),
    ]


def test_a_file_with_such_faults_still_shows_the_rest_of_its_value() -> None:
    reading = read("file.yaml", b"a: yes\na: 1\nd: {<<: {}, e: 1}\n? [x]\n: 5\n")
    assert reading.document is not None
    assert reading.document.value == {"a": "yes", "d": {"e": 1}}


def test_faults_before_a_fault_of_syntax_are_not_lost() -> None:
    reading = read("file.yaml", b"a: yes\nb: [\n")
    assert [rule for _, rule in rules_of(reading)] == ["plain-scalars", "yaml-syntax"]
    assert reading.document is None


def test_a_tab_is_the_only_thing_said_of_a_file_that_it_breaks() -> None:
    assert rules_of(read("file.yaml", b"a:\n\tb: 1\n")) == [("file.yaml:2:1", "tabs")]


def test_columns_count_characters() -> None:
    reading = read("file.yaml", "größe: {ä: yes}".encode())
    assert rules_of(reading) == [("file.yaml:1:12", "plain-scalars")]


def test_a_finding_covers_the_whole_of_what_is_wrong() -> None:
    (finding,) = read("file.yaml", b"a: 1_000\n").findings
    assert (finding.location.end_line, finding.location.end_column) == (1, 9)


def test_a_file_full_of_faults_is_not_read_to_its_end() -> None:
    assert len(read("file.yaml", b"- yes\n" * 5000).findings) == FINDINGS
    assert len(read("file.yaml", b"a\t\n" * 5000).findings) == FINDINGS


def test_a_tag_without_a_name_is_a_tag() -> None:
    assert rules_of(read("file.yaml", b"a: ! b\n")) == [("file.yaml:1:4", "custom-tags")]


@pytest.mark.parametrize(
    "text", ["a: %x", "a: 'x'y", "- a\nb: c", "a: !foo!b c", "a: |x\n  b", '"', "'", "[", "a: [b\n]: c"]
)
def test_a_fault_of_syntax_is_one_finding(text: str) -> None:
    assert [rule for _, rule in rules_of(read("file.yaml", text.encode()))] == ["yaml-syntax"]


def test_nesting_does_not_exhaust_anything() -> None:
    for text in ("[" * 500_000, "{a: " * 200_000, "- " * 500_000, "? " * 500_000):
        reading = read("file.yaml", text.encode())
        assert reading.findings[-1].rule == "nesting-depth"


def test_a_file_of_endless_values_is_read_no_further() -> None:
    reading = read("file.yaml", b"[" + b"1," * 100_001 + b"]")
    assert (reading.document, rules_of(reading)[-1][1]) == (None, "document-size")


_PLAIN = st.text(alphabet="abcxyz -_/:#äß日'\"{}[]&*!|>%@`,?\\", max_size=12)
_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**17), 10**17),
        st.floats(allow_nan=False, allow_infinity=False),
        _PLAIN,
    ),
    lambda below: st.one_of(
        st.lists(below, max_size=4).map(tuple), st.dictionaries(_PLAIN.filter(bool), below, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(alphabet="abc", min_size=1, max_size=3), _VALUES, min_size=1, max_size=4))
@settings(deadline=None)
def test_what_is_written_with_text_in_quotes_is_read_back(value: dict[str, Value]) -> None:
    assert value_of(yaml.dump(_to_lists(value), Dumper=_Quoting, allow_unicode=True)) == value


class _Quoting(yaml.SafeDumper):
    """Puts text, and nothing else, in quotes, so that it cannot be taken for anything else."""


_Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)
_Quoting.ignore_aliases = lambda self, data: True  # type: ignore[method-assign]  # as its documentation says


def _to_lists(value: Value) -> object:
    if isinstance(value, dict):
        return {key: _to_lists(below) for key, below in value.items()}
    return [_to_lists(below) for below in value] if isinstance(value, tuple) else value
