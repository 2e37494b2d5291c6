"""What a plan says of versions that are not ready."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reconciler.plan.advice import advise_changes
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
