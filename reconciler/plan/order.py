"""In which order changes are made, as far as one has to wait for another: what adds before what removes."""

from __future__ import annotations

from enum import IntEnum

from reconciler.state.objects import SELDON_DEPLOYMENT
from reconciler.state.plans import Change, Op


class Rank(IntEnum):
    """Changes of one rank may be made at once; those of the next begin when all of this one are made."""

    NEW_EXTRAS = 0
    NEW_DEPLOYMENTS = 1
    EXTRAS = 2
    ADDITIONS = 3
    SHIFTS = 4
    REMOVALS = 5
    GONE_DEPLOYMENTS = 6
    GONE_EXTRAS = 7
    SKIPS = 8


def rank(change: Change) -> Rank:
    """Where a change stands.

    Organisation manifests come before the deployments that they are for (a DestinationRule that is there
    before a predictor's route keeps its first requests from being lost) and go after them. A deployment that
    gains a variant is changed before one that only shifts shares, and that before one that loses a variant.
    """
    extra = change.key.kind != SELDON_DEPLOYMENT
    if change.op is Op.CREATE:
        return Rank.NEW_EXTRAS if extra else Rank.NEW_DEPLOYMENTS
    if change.op is Op.DELETE:
        return Rank.GONE_EXTRAS if extra else Rank.GONE_DEPLOYMENTS
    if change.op is Op.SKIP:
        return Rank.SKIPS
    if extra:
        return Rank.EXTRAS
    if any(variant.old is None for variant in change.variants):
        return Rank.ADDITIONS
    if any(variant.new is None for variant in change.variants):
        return Rank.REMOVALS
    return Rank.SHIFTS
