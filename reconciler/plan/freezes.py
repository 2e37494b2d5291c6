"""What a freeze or a closed window never stops: the way back to what is known to be safe. Pure.

That is healing drift, an end that a file approves by `retire: true`, restoring a set that this environment
served well before, and taking out variants or lowering challengers without touching anything else.
"""

from __future__ import annotations

import re

from reconciler.plan.shares import read_shares
from reconciler.state.inventory import DIGEST_LENGTH, GoodSet
from reconciler.state.objects import SELDON_DEPLOYMENT, Body
from reconciler.state.plans import Cause, Change, FieldChange, Op
from reconciler.state.shares import Share

_SAFE_CAUSES = frozenset({Cause.DRIFT, Cause.RETIREMENT})
# Those that stay may differ in nothing but their shares, nor stand in another order: it says who is baseline.
_SHARE_FIELD = re.compile(r"spec\.predictors\[[^\]]+\]\.traffic\Z")
_PREDICTOR_GONE = re.compile(r"spec\.predictors\[[^\]]+\]\Z")
# Which records are used, and what follows from the rest.
_PROVENANCE = "metadata.annotations[modelsync.dev/"


def list_free(changes: tuple[Change, ...], good: tuple[GoodSet, ...]) -> frozenset[str]:
    """The deployments whose change of variants is never stopped, and so neither is what goes with it."""
    return frozenset(
        change.deployment
        for change in changes
        if change.key.kind == SELDON_DEPLOYMENT
        and change.op is Op.UPDATE
        and change.live is not None
        and (is_restored(change, good) or only_withdraws(change, change.live.body))
    )


def is_safe(change: Change) -> bool:
    """Whether a change is the way back by its cause alone."""
    return change.cause in _SAFE_CAUSES


def is_restored(change: Change, good: tuple[GoodSet, ...]) -> bool:
    """Whether the change brings back exactly a set that served well here before."""
    if change.manifest is None:
        return False
    digest = change.manifest.digest.removeprefix("sha256:")[:DIGEST_LENGTH]
    return any(
        item.deployment == change.deployment and digest in (item.digest, *item.earlier) for item in good
    )


def only_withdraws(change: Change, was: Body) -> bool:
    """Whether variants of what `was` go or challengers are lowered, and nothing else happens.

    What is taken from them goes to the baseline (the first live one), or to those that stay, but then no more
    than what the removed ones had.
    """
    if change.manifest is None:
        return False
    if not all(_is_withdrawal(item) for item in change.fields):
        return False
    before, after = read_shares(was), read_shares(change.manifest.body)
    had = {share.predictor: share.percent for share in before}
    # One that was not there before is no withdrawal, so its field was found out above.
    rises = {share.predictor: share.percent - had.get(share.predictor, 0) for share in after}
    if any(share.shadow and rises[share.predictor] > 0 for share in after):
        return False
    left = {share.predictor for share in after}
    freed = sum(share.percent for share in before if not share.shadow and share.predictor not in left)
    if _find_baseline(after) == _find_baseline(before):
        rises.pop(_find_baseline(after), None)
    return sum(rise for rise in rises.values() if rise > 0) <= freed


def _find_baseline(shares: tuple[Share, ...]) -> str:
    return next((share.predictor for share in shares if not share.shadow), "")


def _is_withdrawal(field: FieldChange) -> bool:
    if field.path.startswith(_PROVENANCE) or _SHARE_FIELD.match(field.path):
        return True
    return field.sign == "-" and bool(_PREDICTOR_GONE.match(field.path))
