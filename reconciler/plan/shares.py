"""Shares of traffic, read from bodies and declarations and compared."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.state.objects import Body
from reconciler.state.plans import VariantChange
from reconciler.state.shares import Share


def read_shares(body: Body | None) -> tuple[Share, ...]:
    """The shares that a SeldonDeployment's body asks for, in its order; empty without a body.

    The operator reads a lone live predictor without traffic as 100 %, and mirrors everything to a
    shadow without traffic (seldon-core operator, createIstioResources).
    """
    predictors = [
        p for p in ((body or {}).get("spec") or {}).get("predictors") or () if isinstance(p, Mapping)
    ]
    live = [predictor for predictor in predictors if not predictor.get("shadow")]
    shares = []
    for predictor in predictors:
        shadow = bool(predictor.get("shadow"))
        percent = predictor.get("traffic")
        if not isinstance(percent, int) or (shadow and percent == 0):
            percent = 100 if shadow or len(live) == 1 else 0
        name = str(predictor.get("name", ""))
        version = str((predictor.get("labels") or {}).get("version", ""))
        shares.append(
            Share(
                predictor=name,
                version=f"v{version}" if version.isdigit() else name,
                shadow=shadow,
                percent=percent,
            )
        )
    return tuple(shares)


def compare_shares(old: tuple[Share, ...], new: tuple[Share, ...]) -> tuple[VariantChange, ...]:
    """What happens to each variant: new ones first, then those that stay, then those that go."""
    before = {share.predictor: share for share in old}
    after = {share.predictor: share for share in new}
    ordered = [share for share in new if share.predictor not in before]
    ordered += [share for share in new if share.predictor in before]
    ordered += [share for share in old if share.predictor not in after]
    return tuple(
        VariantChange(
            predictor=share.predictor,
            version=share.version,
            shadow=share.shadow,
            old=before[share.predictor].percent if share.predictor in before else None,
            new=after[share.predictor].percent if share.predictor in after else None,
        )
        for share in ordered
    )


def read_live_shares(body: Body | None) -> tuple[Share, ...]:
    """The shares that answer a part of the live requests: no shadows, and none at 0 %."""
    return tuple(share for share in read_shares(body) if not share.shadow and share.percent > 0)
