"""How far counted shares may lie from declared ones by chance."""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log


@lru_cache
def find_interval(share: float, count: int, *, chance: float = 0.001) -> tuple[int, int]:
    """The fewest and the most of `count` requests that a share between 0 and 1 may get.

    A count beyond either end has a probability of at most `chance` / 2 (exact binomial tails, as in Clopper
    and Pearson, Biometrika 26, 1934); for several shares at once divide `chance` by their number
    (Bonferroni).
    """
    if share in (0.0, 1.0):
        sure = round(share * count)
        return sure, sure
    mass = [_find_mass(count, hits, share) for hits in range(count + 1)]
    return _cut(mass, chance / 2), count - _cut(mass[::-1], chance / 2)


def _find_mass(count: int, hits: int, share: float) -> float:
    ways = lgamma(count + 1) - lgamma(hits + 1) - lgamma(count - hits + 1)
    return exp(ways + hits * log(share) + (count - hits) * log(1 - share))


def _cut(mass: list[float], chance: float) -> int:
    """The first place up to which less than `chance` has been left out."""
    left = 0.0
    for place, part in enumerate(mass):
        left += part
        if left > chance:
            return place
    return len(mass) - 1
