"""The interval that counted shares must lie in."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.tools.shares import find_interval


def tail(share: float, count: int, low: int, high: int) -> float:
    """The exact probability of a count outside of low to high."""
    return sum(
        comb(count, hits) * share**hits * (1 - share) ** (count - hits)
        for hits in range(count + 1)
        if not low <= hits <= high
    )


@given(share=st.floats(0.001, 0.999), count=st.integers(1, 300))
def test_what_lies_outside_is_rarer_than_the_chance(share: float, count: int) -> None:
    low, high = find_interval(share, count)
    assert tail(share, count, low, high) <= 0.001 + 1e-9


@given(share=st.floats(0.001, 0.999), count=st.integers(1, 300))
def test_no_end_can_be_drawn_in_further(share: float, count: int) -> None:
    low, high = find_interval(share, count)
    assert low <= high
    assert tail(share, count, low + 1, count) > 0.0005 - 1e-9
    assert tail(share, count, 0, high - 1) > 0.0005 - 1e-9


def test_all_and_nothing_leave_no_choice() -> None:
    assert find_interval(1.0, 40) == (40, 40)
    assert find_interval(0.0, 40) == (0, 0)


@pytest.mark.parametrize(("share", "count", "expected"), [(0.5, 10, (0, 10)), (0.5, 20, (3, 17))])
def test_known_intervals(share: float, count: int, expected: tuple[int, int]) -> None:
    assert find_interval(share, count) == expected
