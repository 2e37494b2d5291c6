"""Versions are compared as far as their bounds go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.versions import is_within

NUMBERS = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(tuple)


@pytest.mark.parametrize(
    ("version", "bounds", "within"),
    [
        ("2.20.4", "<=2.20", True),
        ("2.21.0", "<=2.20", False),
        ("2.20.4", "<2.20", False),
        ("3.17.2", ">=2.9,<3", False),
        ("2.22.1", ">=2.9, <3", True),
        ("3", ">=3.0.0", True),
        ("3.17.2rc1", "==3.17.2", True),
        ("3.17.2", "!=3.17", False),
        ("3.17.2", ">3.17", False),
    ],
)
def test_a_version_is_within_its_bounds_or_not(version: str, bounds: str, within: bool) -> None:
    assert is_within(version, bounds) is within


def test_what_is_no_version_is_neither_within_nor_outside() -> None:
    assert is_within("main", "<=2.20") is None


@pytest.mark.parametrize("bounds", ["2.20", "<=2.20;<3", "", "~=2.0", "<=2.20,"])
def test_what_are_no_bounds_is_refused(bounds: str) -> None:
    with pytest.raises(ValueError, match="no bound"):
        is_within("2.20.4", bounds)


@given(version=NUMBERS, limit=NUMBERS)
def test_the_operators_agree_with_each_other(version: tuple[int, ...], limit: tuple[int, ...]) -> None:
    said, bound = (".".join(map(str, numbers)) for numbers in (version, limit))
    below, equal, above = (is_within(said, f"{operator}{bound}") for operator in ("<", "==", ">"))
    assert (below, equal, above).count(True) == 1
    assert is_within(said, f"<={bound}") is (below or equal)
    assert is_within(said, f">={bound}") is (above or equal)
    assert is_within(said, f"!={bound}") is (not equal)
