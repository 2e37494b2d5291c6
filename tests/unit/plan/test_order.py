"""In which order changes are made."""

from __future__ import annotations

import pytest

from reconciler.plan.order import Rank, rank
from reconciler.state.objects import EXTRA_KINDS, SELDON_DEPLOYMENT, Kind, ObjectKey
from reconciler.state.plans import Cause, Change, Op, VariantChange

EXTRA = EXTRA_KINDS[0]


def change(op: Op, kind: Kind = SELDON_DEPLOYMENT, **shares: tuple[int | None, int | None]) -> Change:
    return Change(
        op=op,
        cause=Cause.REVISION,
        key=ObjectKey(kind=kind, namespace="n", name="wines"),
        deployment="wines",
        variants=tuple(
            VariantChange(predictor=name, version=name, shadow=False, old=old, new=new)
            for name, (old, new) in shares.items()
        ),
    )


@pytest.mark.covers("B19")
def test_what_adds_comes_before_what_shifts_and_that_before_what_removes() -> None:
    ordered = [
        change(Op.CREATE, EXTRA),
        change(Op.CREATE, v1=(None, 100)),
        change(Op.UPDATE, EXTRA),
        change(Op.UPDATE, v1=(100, 90), v2=(None, 10)),
        change(Op.UPDATE, v1=(90, 50), v2=(10, 50)),
        change(Op.UPDATE, v1=(50, None), v2=(50, 100)),
        change(Op.DELETE, v1=(100, None)),
        change(Op.DELETE, EXTRA),
        change(Op.SKIP),
    ]

    assert [rank(item) for item in ordered] == list(Rank)


@pytest.mark.covers("B19")
def test_one_that_gains_a_variant_and_loses_another_adds() -> None:
    assert rank(change(Op.UPDATE, v1=(100, None), v2=(None, 100))) is Rank.ADDITIONS


def test_one_whose_shares_do_not_change_shifts_nothing_away() -> None:
    assert rank(change(Op.UPDATE)) is Rank.SHIFTS
