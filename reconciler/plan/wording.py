"""Small pieces of wording that several views share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.state.objects import SELDON_DEPLOYMENT, LiveObject, deployment_of
from reconciler.state.plans import Change, VariantChange
from reconciler.state.shares import Share


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def join_words(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def choose(names: Sequence[object], one: str, several: str) -> str:
    """The form of a word that goes with one name, or with several."""
    return one if len(names) == 1 else several


def name_variant(variant: VariantChange | Share) -> str:
    """How people call it: `v5`, `v6 shadow`, or the predictor's own name where that says more."""
    if variant.shadow:
        return f"{variant.version} shadow"
    return (
        variant.version
        if variant.predictor == variant.version
        else f"{variant.version} ({variant.predictor})"
    )


def describe_share(variant: VariantChange) -> str:
    """`v5 new at 10 %`, `v3 100 → 90 %`, `v2 90 % → gone`, `v1 stays at 50 %`."""
    name = name_variant(variant)
    if variant.old is None:
        return f"{name} new at {variant.new} %"
    if variant.new is None:
        return f"{name} {variant.old} % → gone"
    if variant.old == variant.new:
        return f"{name} stays at {variant.new} %"
    return f"{name} {variant.old} → {variant.new} %"


def describe_shares(variants: Iterable[VariantChange]) -> str:
    """All variants of one deployment in one line; empty if there are none or none of them moves."""
    items = tuple(variants)
    if all(variant.old == variant.new for variant in items):
        return ""
    return ", ".join(describe_share(variant) for variant in items)


def describe_set(shares: Iterable[Share]) -> str:
    """What takes which part: `v3 90 %, v5 10 %, v6 shadow`."""
    return ", ".join(
        name_variant(share) if share.shadow else f"{name_variant(share)} {share.percent} %"
        for share in shares
    )


def name_change(environment: str, change: Change) -> str:
    """What people call the object: `production/wines`, or `production/wines ConfigMap/wines-notes`."""
    name = f"{environment}/{change.deployment}" if environment else change.deployment
    return name if change.key.kind == SELDON_DEPLOYMENT else f"{name} {change.key}"


def name_object(environment: str, live: LiveObject) -> str:
    """What people call a live object, in the same way."""
    name = f"{environment}/{deployment_of(live)}"
    return name if live.key.kind == SELDON_DEPLOYMENT else f"{name} {live.key}"


def shorten_revision(revision: str) -> str:
    """`main@sha1:4be2a91` for `main@sha1:4be2a91…40 digits`; anything else as it is."""
    ref, mark, sha = revision.rpartition("@sha1:")
    return f"{ref}@sha1:{sha[:7]}" if mark else revision
