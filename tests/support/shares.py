"""What chance allows: within which counts a share must lie when requests are split at random."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

# Of a run of this repository's tests in which everything is right, one in a thousand may fail for each set
# of counts that is judged together.
LEVEL = 0.001


def binomial_bounds(trials: int, share: float, level: float) -> tuple[int, int]:
    """The least and the greatest count that are no surprise among `trials` of chance `share`.

    Exact: the chance of fewer, and that of more, is at most level / 2 each (the tails of the binomial
    distribution, not an approximation of them).
    """
    if share in (0.0, 1.0):
        return round(trials * share), round(trials * share)
    chances = [_chance(trials, count, share) for count in range(trials + 1)]
    return _cut(chances, level / 2), trials - _cut(chances[::-1], level / 2)


def find_surprises(
    counts: Sequence[Mapping[str, int]], declared: Sequence[Mapping[str, int]], *, level: float = LEVEL
) -> tuple[str, ...]:
    """Which counts chance does not explain, in words; empty for counts that are as declared.

    counts and declared go in pairs: requests by variant, and percent by variant. All of them are judged
    together: by Bonferroni's inequality the chance that any count surprises when every share is as declared
    is at most `level`.
    """
    each = level / sum(len(shares) for shares in declared)
    found = []
    for place, (seen, shares) in enumerate(zip(counts, declared, strict=True)):
        trials = sum(seen.values())
        strangers = {name: seen[name] for name in seen if name not in shares}
        if strangers:
            found.append(f"{place}: requests to what is not declared: {strangers}")
        for name, percent in shares.items():
            low, high = binomial_bounds(trials, percent / 100, each)
            if not low <= seen.get(name, 0) <= high:
                found.append(
                    f"{place}: {name} was declared {percent} % and served {seen.get(name, 0)} of {trials}; "
                    f"{low} to {high} were expected"
                )
    return tuple(found)


def _chance(trials: int, count: int, share: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    return math.exp(ways + count * math.log(share) + (trials - count) * math.log1p(-share))


def _cut(chances: Sequence[float], tail: float) -> int:
    """How many of the first counts are together no more likely than `tail`."""
    total = 0.0
    for count, chance in enumerate(chances):
        total += chance
        if total > tail:
            return count
    return len(chances)
