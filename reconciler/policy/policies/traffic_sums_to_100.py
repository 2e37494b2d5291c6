"""Live traffic sums to 100.

What it checks
    The traffic of a deployment's live variants adds up to 100 percent. Shadows do not count: their
    answers are dropped.

Why
    Seldon Core hands the numbers to the gateway as weights and accepts odd sums for a single variant, so
    a wrong sum would be served as some other split than the one that was reviewed.

Example
    variants:
      - version: 3
        traffic: 90
      - version: 5
        traffic: 5       # 95 in all

Fix
    Give the missing percent to one of the variants, or take the surplus from one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.policy.context import Context, PlacedDeployment
from reconciler.policy.engine import Policy
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        if not deployment.live or not deployment.has_plain_roles:
            continue
        shares = [placed.variant.traffic or 0 for placed in deployment.live]
        if sum(shares) != 100:
            yield POLICY.finding(
                deployment.variant_at(deployment.live[-1], "traffic"),
                f"{deployment.id}: live traffic sums to {sum(shares)} "
                f"({_list_shares(deployment, shares)}); it must be 100.",
                _advise(deployment, shares),
            )


def suggest_shares(shares: Sequence[int]) -> tuple[int, ...]:
    """Shares (percent) that sum to 100 and change the given ones least: the largest takes the difference.

    A surplus that is larger than the largest share is taken from the next ones too. No shares give none.
    """
    result = list(shares)
    difference = 100 - sum(result)
    for index in sorted(range(len(result)), key=lambda i: -result[i]):
        change = max(difference, -result[index])
        result[index] += change
        difference -= change
    return tuple(result)


def _advise(deployment: PlacedDeployment, shares: Sequence[int]) -> str:
    difference = 100 - sum(shares)
    suggestion = _list_shares(deployment, suggest_shares(shares))
    if len(shares) == 1:
        return f"A single live variant takes all: {suggestion}."
    if difference > 0:
        return f"Give the missing {difference} to one of them, for example: {suggestion}."
    return f"Take the surplus {-difference} from one of them, for example: {suggestion}."


def _list_shares(deployment: PlacedDeployment, shares: Sequence[int]) -> str:
    return ", ".join(
        f"{placed.predictor} {share}" for placed, share in zip(deployment.live, shares, strict=True)
    )


POLICY = Policy(id="traffic-sums-to-100", documentation=__doc__, check=check)
