"""The exact binomial test, against sums of fractions and against itself."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plan.binomial import judge_share

_COUNTS = st.integers(0, 60).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
_PERCENTS = st.integers(0, 100)


def _exactly(count: int, total: int, percent: int) -> Fraction:
    share = Fraction(percent, 100)
    terms = [math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(total + 1)]
    below, above = sum(terms[: count + 1], Fraction()), sum(terms[count:], Fraction())
    return min(Fraction(1), 2 * min(below, above))


@given(_COUNTS, _PERCENTS)
def test_it_is_what_fractions_give(counts: tuple[int, int], percent: int) -> None:
    assert judge_share(*counts, percent / 100) == pytest.approx(float(_exactly(*counts, percent)), rel=1e-9)


@given(st.integers(1, 10**7), _PERCENTS, st.floats(0, 1))
def test_it_is_a_probability_however_many_requests_there_are(total: int, percent: int, where: float) -> None:
    assert 0.0 <= judge_share(round(total * where), total, percent / 100) <= 1.0


@given(st.integers(0, 10**6), _PERCENTS)
def test_the_declared_share_itself_is_never_unlikely(total: int, percent: int) -> None:
    assert judge_share(round(total * percent / 100), total, percent / 100) > 0.4


@given(_COUNTS, _PERCENTS)
def test_either_side_may_be_counted(counts: tuple[int, int], percent: int) -> None:
    count, total = counts
    other = judge_share(total - count, total, 1 - percent / 100)

    assert judge_share(count, total, percent / 100) == pytest.approx(other, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("count", "p"), [(0, 0.0), (1, 1.0)])
def test_all_or_nothing_leaves_no_room(count: int, p: float) -> None:
    assert judge_share(count, 1, p) == 1.0
    assert judge_share(1 - count, 1, p) == 0.0


@pytest.mark.parametrize(("count", "total", "share"), [(2, 1, 0.5), (-1, 1, 0.5), (0, 1, 1.1), (0, 1, -0.1)])
def test_what_is_no_count_or_share_is_refused(count: int, total: int, share: float) -> None:
    with pytest.raises(ValueError, match=" of "):
        judge_share(count, total, share)
