"""Variants stay in their order.

What it checks
    Compared with the base, a deployment's variants are not the same ones in another order.

Why
    The order is the file's, and the first live variant is the baseline that others are compared with. A
    change that only reorders looks like nothing and makes another variant the baseline. Commands append.

Example
    variants:                   # and the base has version 3 first
      - {version: 5, traffic: 10}
      - {version: 3, traffic: 90}

Fix
    Put the variants back into the order of the base.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.placed import name_variant
from reconciler.state.declarations import Variant
from reconciler.state.findings import Finding, Grade
from reconciler.state.repository import Repository


def check(context: Context) -> Iterator[Finding]:
    for placed in context.served:
        before = _find_variants(context.base, placed.environment.name, placed.name)
        after = placed.entry.declaration.variants
        if before == after or not _are_the_same(before, after):
            continue
        moved = next(index for index, variant in enumerate(after) if variant != before[index])
        yield POLICY.finding(
            placed.at("variants", moved),
            f"{placed.id}: the change only reorders the variants: {_say(before)} becomes {_say(after)}"
            f"{_say_baseline(before, after)}.",
            f"Write them in the order {_say(before)}; commands append.",
            subject=placed.id,
        )


def _find_variants(base: Repository | None, environment: str, name: str) -> tuple[Variant, ...]:
    entry = base.environments.get(environment) if base is not None else None
    deployment = entry.deployments.get(name) if entry is not None else None
    return deployment.declaration.variants if deployment is not None else ()


def _are_the_same(before: Sequence[Variant], after: Sequence[Variant]) -> bool:
    left = list(before)
    for variant in after:
        if variant not in left:
            return False
        left.remove(variant)
    return not left


def _say(variants: Sequence[Variant]) -> str:
    return ", ".join(name_variant(variant, index) for index, variant in enumerate(variants))


def _say_baseline(before: Sequence[Variant], after: Sequence[Variant]) -> str:
    old, new = _name_baseline(before), _name_baseline(after)
    return f"; expected {_say(before)}" if old == new else f", and the baseline would be {new}, not {old}"


def _name_baseline(variants: Sequence[Variant]) -> str:
    live = (index for index, variant in enumerate(variants) if variant.traffic is not None)
    index = next(live, None)
    return "" if index is None else name_variant(variants[index], index)


POLICY = Policy(
    id="variant-order",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.BASE),
    grade=Grade.SOFT,
)
