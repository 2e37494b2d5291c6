"""How likely a count of requests is under a declared share: the exact binomial, no approximation."""

from __future__ import annotations

import math

# Terms below this part of the sum so far do not move it any more in double precision.
_NEGLIGIBLE = 1e-18


def judge_share(count: int, total: int, share: float) -> float:
    """The two-sided p-value of `count` among `total` requests, each falling here with probability `share`.

    Twice the smaller of the two tails that hold the count, at most 1 (Clopper and Pearson's test, which
    never finds more than it should). Raises ValueError for a count outside of 0 to `total` or a share
    outside of 0 to 1.
    """
    if not 0 <= count <= total or not 0.0 <= share <= 1.0:
        raise ValueError(f"{count} of {total} at {share}")
    if share in (0.0, 1.0):
        return 1.0 if count == round(total * share) else 0.0
    return min(1.0, 2 * min(_lower_tail(count, total, share), _lower_tail(total - count, total, 1 - share)))


def _lower_tail(count: int, total: int, share: float) -> float:
    """P(X <= count), summed from the count downwards.

    Above the mode the terms would grow before they shrink, so the sum may stop only past it; but there the
    tail is near or above one half, and the other one decides.
    """
    term = math.exp(_log_term(count, total, share))
    mode = share * (total + 1)
    if count >= mode:
        return 1.0
    result = term
    odds = (1 - share) / share
    for number in range(count, 0, -1):
        term *= number / (total - number + 1) * odds
        result += term
        if term <= result * _NEGLIGIBLE:
            break
    return min(1.0, result)


def _log_term(count: int, total: int, share: float) -> float:
    return (
        math.lgamma(total + 1)
        - math.lgamma(count + 1)
        - math.lgamma(total - count + 1)
        + count * math.log(share)
        + (total - count) * math.log1p(-share)
    )
