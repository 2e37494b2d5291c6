"""What a plan says of versions that are not ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.plan.advice import advise_changes, advise_entries
from reconciler.state.objects import KINDS
from reconciler.state.observations import Health, HealthWord, VariantHealth
from tests.support.worlds import make_manifest, serve

C, P, F = HealthWord.CURRENT, HealthWord.IN_PROGRESS, HealthWord.FAILED


def _advise(
    before: Mapping[str, int], after: Mapping[str, int], health: Mapping[str, HealthWord]
) -> tuple[str, ...]:
    manifest = make_manifest("wines", before)
    plan = serve(manifest).declare(make_manifest("wines", after)).plan()
    variants = tuple(VariantHealth(predictor=name, word=word) for name, word in health.items())
    return advise_changes(plan, (Health(key=manifest.key, word=P, variants=variants),))


def test_a_change_of_what_is_ready_needs_no_advice() -> None:
    assert _advise({"v3": 90, "v5": 10}, {"v3": 50, "v5": 50}, {"v3": C, "v5": C}) == ()


def test_taking_a_sick_challenger_out_is_told_as_what_it_is() -> None:
    assert _advise({"v3": 90, "v5": 10}, {"v3": 100}, {"v3": C, "v5": F}) == (
        (
            "production/wines: v5 is not ready and goes; "
            "the shares of the others are routed as soon as the operator saw it."
        ),
    )


@pytest.mark.covers("B23", "T26")
def test_weight_0_is_no_way_back_from_a_version_that_is_not_ready() -> None:
    assert _advise({"v3": 90, "v5": 10}, {"v3": 100, "v5": 0}, {"v3": C, "v5": F}) == (
        (
            "production/wines: v5 is not ready, and traffic 0 changes nothing of what is routed until it is. "
            "To go back, take it out of the file instead."
        ),
    )


def test_no_share_moves_before_all_are_ready() -> None:
    assert _advise({"v3": 90, "v5": 10}, {"v3": 50, "v5": 50}, {"v3": C, "v5": P}) == (
        "production/wines: v5 is not ready now; no share moves before it is.",
    )


@pytest.mark.parametrize("kept", [{"v3": 100, "v6": 0}, {"v3": 90, "v6": 10}])
def test_while_another_one_is_not_ready_taking_one_out_moves_nothing(kept: Mapping[str, int]) -> None:
    before = {"v3": 80, "v5": 10, "v6": 10}

    assert _advise(before, kept, {"v3": C, "v5": F, "v6": P})[0] == (
        "production/wines: v5 is not ready and goes."
    )


def test_several_are_told_together() -> None:
    (said,) = _advise({"v3": 90, "v5": 10}, {"v3": 50, "v5": 50}, {"v3": P, "v5": P})

    assert said == "production/wines: v3 and v5 are not ready now; no share moves before they are."


JOINS = (
    "production/wines: v5 joins with its share at once; Istio may answer 503 to that share for a moment, "
    "before it knows where it leads. To lose no request, join at traffic 0 and give the share in the next "
    "change."
)


@pytest.mark.parametrize(
    ("before", "after", "ingress", "said"),
    [
        ({"v3": 100}, {"v3": 90, "v5": 10}, "istio", (JOINS,)),
        ({"v3": 100}, {"v3": 100, "v5": 0}, "istio", ()),
        ({"v3": 100, "v5": 0}, {"v3": 90, "v5": 10}, "istio", ()),
        ({"v3": 100}, {"v3": 90, "v5": 10}, "ambassador-v2", ()),
    ],
)
def test_joining_with_a_share_is_told_where_it_may_lose_requests(
    before: Mapping[str, int], after: Mapping[str, int], ingress: str, said: tuple[str, ...]
) -> None:
    plan = serve(make_manifest("wines", before)).declare(make_manifest("wines", after)).plan()

    assert advise_entries(plan, (), ingress=ingress) == said


def test_a_subset_that_is_there_before_makes_joining_safe() -> None:
    wines = make_manifest("wines", {"v3": 90, "v5": 10})
    rule = next(kind for kind in KINDS if kind.name == "DestinationRule")
    early = replace(wines, key=replace(wines.key, kind=rule, name="wines-v5-early"))
    plan = serve(make_manifest("wines", {"v3": 100})).declare(wines).plan()

    assert advise_entries(plan, (wines, early), ingress="istio") == ()
