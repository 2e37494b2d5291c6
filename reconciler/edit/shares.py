"""Which shares a deployment gets when one variant comes, goes or moves: whole percents that sum to 100."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.policy.naming import predictor_name
from reconciler.policy.wording import join_words, suggest_name
from reconciler.state.declarations import Deployment, Variant

_ALL = 100


class RequestRefused(Exception):
    """What was asked for cannot be done to this deployment. Says it first, then why, then what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A live variant: its place in the file, its predictor's name, its version and its share in percent."""

    index: int
    name: str
    version: int | None
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A variant's share before and after, in percent."""

    name: str
    old: int
    new: int

    def __str__(self) -> str:
        return f"{self.name} {self.old} → {self.new} %"


def list_live(deployment: Deployment) -> tuple[Live, ...]:
    """The variants that take traffic, or 0 percent of it, in the file's order."""
    return tuple(
        Live(index=index, name=predictor_name(variant), version=variant.version, percent=variant.traffic)
        for index, variant in enumerate(deployment.variants)
        if variant.traffic is not None
    )


def find_variant(deployment: Deployment, version: int, *, shadow: bool) -> Variant | None:
    """The variant of a version in one role."""
    return next(
        (
            variant
            for variant in deployment.variants
            if variant.version == version and (variant.shadow is not None) == shadow
        ),
        None,
    )


def take_share(name: str, live: Iterable[Live], percent: int, giver: str = "") -> dict[int, int]:
    """New shares by place in the file, so that a newcomer gets `percent`.

    The largest live variant gives first (of equal ones the one that comes first), then the next largest;
    `giver` names the one that gives it all instead. `name` is the deployment. Raises RequestRefused where
    there is not so much to take.
    """
    rest = percent
    shares: dict[int, int] = {}
    variants = tuple(live)
    if giver:
        variants = (_find(name, variants, giver),)
    for variant in sorted(variants, key=lambda item: (-item.percent, item.index)):
        taken = min(rest, variant.percent)
        if taken:
            shares[variant.index] = variant.percent - taken
            rest -= taken
    if rest:
        have = sum(variant.percent for variant in variants)
        who = giver or "its live variants"
        verb = "has" if giver else "have"
        raise RequestRefused(
            f"{name}: {percent} % is to be taken, and {who} {verb} {have} %. "
            + (f"Take {have} % at most, or leave --from out." if giver else "Correct the shares first.")
        )
    return shares


def set_shares(name: str, live: Iterable[Live], wanted: Mapping[str, int]) -> dict[int, int]:
    """New shares by place in the file. What `wanted` does not name keeps its share; all sum to 100.

    Raises RequestRefused for a name that is none, and for another sum.
    """
    variants = tuple(live)
    shares = {_find(name, variants, given).index: percent for given, percent in wanted.items()}
    result = {variant.name: shares.get(variant.index, variant.percent) for variant in variants}
    total = sum(result.values())
    if total != _ALL:
        said = ", ".join(f"{variant} {percent}" for variant, percent in result.items())
        kept = [variant.name for variant in variants if variant.index not in shares]
        verb = "keeps its share" if len(kept) == 1 else "keep their shares"
        hint = f" {join_words(kept)} {verb} unless named." if kept else ""
        raise RequestRefused(f"{name}: live traffic would sum to {total} ({said}); it must be 100.{hint}")
    return {variant.index: shares[variant.index] for variant in variants if variant.index in shares}


def describe_moves(live: Iterable[Live], shares: Mapping[int, int]) -> tuple[Moved, ...]:
    """Whose share moves, in the file's order."""
    return tuple(
        Moved(name=variant.name, old=variant.percent, new=shares[variant.index])
        for variant in live
        if shares.get(variant.index, variant.percent) != variant.percent
    )


def _find(name: str, live: tuple[Live, ...], given: str) -> Live:
    by_name = [variant for variant in live if variant.name == given]
    found = by_name or [variant for variant in live if f"v{variant.version}" == given]
    if len(found) == 1:
        return found[0]
    known = [variant.name for variant in live]
    if found:
        names = join_words([variant.name for variant in found])
        raise RequestRefused(f"{name}: {given} is {names}; name one of them.")
    raise RequestRefused(
        f"{name}: there is no live variant {given}; there is {join_words(known) or 'none'}."
        f"{suggest_name(given, known)}"
    )
