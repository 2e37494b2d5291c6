"""What chance allows: within which counts a share must lie when requests are split at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scripts.tools.shares import find_interval

# Of a run of this repository's tests in which everything is right, one in a thousand may fail for each set
# of counts that is judged together.
LEVEL = 0.001


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
            low, high = find_interval(percent / 100, trials, chance=each)
            if not low <= seen.get(name, 0) <= high:
                found.append(
                    f"{place}: {name} was declared {percent} % and served {seen.get(name, 0)} of {trials}; "
                    f"{low} to {high} were expected"
                )
    return tuple(found)
