"""Whether a change leaves something that is known to work."""

from __future__ import annotations

from reconciler.state.inventory import GoodSet
from reconciler.state.objects import MODEL_LABEL, Body
from reconciler.state.plans import Change
from reconciler.state.shares import Share


def keeps_one(old: Body, running: tuple[Share, ...], new: Body, wanted: tuple[Share, ...]) -> bool:
    """Whether a running version stays. It counts, not the predictor: a new roll-out is the same model."""
    before, after = _read_model(old), _read_model(new)
    if before and after and before != after:
        return False
    return not {share.version for share in running}.isdisjoint(share.version for share in wanted)


def restores(good: tuple[GoodSet, ...], change: Change, wanted: tuple[Share, ...]) -> bool:
    """Whether the change goes back to versions that served well together here: restoring is never refused."""
    if change.manifest is None or not wanted:
        return False
    served = next((item for item in good if item.deployment == change.deployment), None)
    if served is None or served.model != _read_model(change.manifest.body):
        return False
    known = {share.version for share in served.shares if not share.shadow and share.percent > 0}
    return {share.version for share in wanted} <= known


def _read_model(body: Body) -> str:
    labels = body["metadata"].get("labels") or {}
    return str(labels.get(MODEL_LABEL, ""))
