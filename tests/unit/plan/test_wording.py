"""The words that views, history and Events share."""

from __future__ import annotations

import pytest

from reconciler.plan.wording import count, describe_shares, name_variant, shorten_revision
from reconciler.state.plans import VariantChange


def _variant(
    predictor: str, old: int | None, new: int | None, *, version: str = "", shadow: bool = False
) -> VariantChange:
    return VariantChange(predictor=predictor, version=version or predictor, shadow=shadow, old=old, new=new)


@pytest.mark.parametrize(
    ("number", "noun", "plural", "said"),
    [(1, "object", "", "1 object"), (0, "object", "", "0 objects"), (2, "policy", "policies", "2 policies")],
)
def test_counts(number: int, noun: str, plural: str, said: str) -> None:
    assert count(number, noun, plural) == said


def test_a_variant_is_called_by_its_version_unless_its_predictor_says_more() -> None:
    assert name_variant(_variant("v5", 1, 1)) == "v5"
    assert name_variant(_variant("v5-r2", 1, 1, version="v5")) == "v5 (v5-r2)"
    assert name_variant(_variant("v6-shadow", 1, 1, version="v6", shadow=True)) == "v6 shadow"


def test_all_variants_stand_in_one_line_once_one_of_them_moves() -> None:
    moved = (
        _variant("v5", None, 10),
        _variant("v3", 100, 40),
        _variant("v4", 50, 50),
        _variant("v2", 50, None),
    )
    assert describe_shares(moved) == "v5 new at 10 %, v3 100 → 40 %, v4 stays at 50 %, v2 50 % → gone"


def test_nothing_is_said_where_nothing_moves() -> None:
    assert describe_shares((_variant("v3", 100, 100),)) == ""
    assert describe_shares(()) == ""


def test_a_revision_is_shortened_and_anything_else_left_as_it_is() -> None:
    assert shorten_revision(f"main@sha1:{'4be2a91' + '0' * 33}") == "main@sha1:4be2a91"
    assert shorten_revision(f"a@sha1:b@sha1:{'4be2a91' + '0' * 33}") == "a@sha1:b@sha1:4be2a91"
    assert shorten_revision("") == ""
    assert shorten_revision("work tree") == "work tree"
