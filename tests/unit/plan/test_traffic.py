"""Declared, applied, routed and served traffic, compared; and what a person is told of it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timezone

import pytest

from reconciler.plan.traffic import (
    TrafficView,
    are_routed,
    describe_routed,
    explain_traffic,
    find_served_differences,
)
from reconciler.state.objects import SELDON_DEPLOYMENT, ObjectKey
from reconciler.state.observations import Health, HealthWord, VariantHealth
from reconciler.state.routes import DeploymentRoutes, RoutedShare
from reconciler.state.shares import Share

KEY = ObjectKey(kind=SELDON_DEPLOYMENT, namespace="wines-production", name="wines")
SINCE = datetime(2026, 11, 23, 14, 3, tzinfo=timezone.utc)
FILE = "environments/production/deployments/wines.yaml"
C, P, F = HealthWord.CURRENT, HealthWord.IN_PROGRESS, HealthWord.FAILED


def _shares(given: Mapping[str, int]) -> tuple[Share, ...]:
    return tuple(
        Share(
            predictor=name,
            version=name.removesuffix("-shadow"),
            shadow=name.endswith("-shadow"),
            percent=percent,
        )
        for name, percent in given.items()
    )


def _routes(given: Mapping[str, float] | None) -> DeploymentRoutes | None:
    if given is None:
        return None
    return DeploymentRoutes(
        shares=tuple(
            RoutedShare(predictor=name, shadow=name.endswith("-shadow"), percent=percent)
            for name, percent in given.items()
        )
    )


def _explain(
    applied: Mapping[str, int],
    routed: Mapping[str, float] | None,
    health: Mapping[str, HealthWord],
    *,
    declared: Mapping[str, int] | None = None,
) -> tuple[str, ...]:
    variants = tuple(
        VariantHealth(predictor=name, word=word, since=None if word is C else SINCE)
        for name, word in health.items()
    )
    whole = next((word for word in (F, P) if word in health.values()), C)
    return explain_traffic(
        TrafficView(
            id="production/wines",
            declared=_shares(applied if declared is None else declared),
            applied=_shares(applied),
            routed=_routes(routed),
            health=Health(key=KEY, word=whole, variants=variants),
            places={name: f"{FILE}:{line}" for line, name in enumerate(declared or applied, 3)},
        )
    )


def test_what_is_routed_as_declared_needs_no_words() -> None:
    assert _explain({"v3": 90, "v5": 10}, {"v3": 90, "v5": 10}, {"v3": C, "v5": C}) == ()


def test_a_challenger_that_is_not_ready_takes_nothing_yet() -> None:
    assert _explain({"v3": 80, "v5": 20}, {"v3": 100}, {"v3": C, "v5": P}) == (
        (
            "production/wines: v3 declared 80, routed 100; v5 declared 20, routed 0: waiting for v5 to be "
            "ready since 2026-11-23 14:03 UTC; the operator moves all shares at once, when all are ready."
        ),
        (
            f"production/wines: if v5 must go, take it out of {FILE}:4 and sync "
            "(traffic 0 would change nothing while it is not ready)."
        ),
    )


def test_the_failed_one_is_the_one_to_take_out() -> None:
    said = _explain({"v3": 80, "v5": 10, "v6": 10}, {"v3": 100}, {"v3": C, "v5": P, "v6": F})

    assert "waiting for v5 and v6 to be ready" in said[0]
    assert said[1].startswith(f"production/wines: if v6 must go, take it out of {FILE}:5 and sync")


def test_the_first_version_has_no_route_until_it_is_ready_and_cannot_be_taken_out() -> None:
    assert _explain({"v3": 100}, {}, {"v3": P}) == (
        (
            "production/wines: v3 declared 100, routed 0: waiting for v3 to be ready since 2026-11-23 14:03 "
            "UTC; the operator moves all shares at once, when all are ready."
        ),
    )


def test_weight_0_on_an_unready_version_changes_nothing() -> None:
    said = _explain({"v3": 100, "v5": 0}, {"v3": 90, "v5": 10}, {"v3": C, "v5": F})

    assert said[0].startswith(
        "production/wines: v3 declared 100, routed 90; v5 declared 0, routed 10: waiting"
    )
    assert said[1].endswith("(traffic 0 would change nothing while it is not ready).")


def test_an_unready_version_without_a_share_still_holds_all_changes_back() -> None:
    assert _explain({"v3": 100, "v5": 0}, {"v3": 100}, {"v3": C, "v5": P}) == (
        (
            "production/wines: v5 takes no share but is not ready, and until it is, no change of shares is "
            f"routed; wait for it, or take it out of {FILE}:4 and sync."
        ),
    )


def test_routes_that_do_not_follow_though_all_are_ready_point_at_the_operator() -> None:
    said = _explain({"v3": 90, "v5": 10}, {"v3": 100}, {"v3": C, "v5": C})

    assert said == (
        (
            "production/wines: v3 declared 90, routed 100; v5 declared 10, routed 0, though all are ready; "
            "the operator has not written the route. Is it running?"
        ),
    )


def test_a_removed_version_that_is_still_routed_is_named() -> None:
    said = _explain({"v3": 100}, {"v3": 90, "v5": 10}, {"v3": C})

    assert "v5 declared 0, routed 10" in said[0]


def test_shares_that_a_person_wrote_are_applied_not_declared() -> None:
    said = _explain({"v3": 50, "v5": 50}, {"v3": 100}, {"v3": C, "v5": P}, declared={"v3": 90, "v5": 10})

    assert "v5 applied 50, routed 0" in said[0]


def test_nothing_is_said_of_routes_that_are_not_known() -> None:
    assert _explain({"v3": 80, "v5": 20}, None, {"v3": C, "v5": P}) == ()


def test_a_share_of_zero_needs_no_route() -> None:
    routes = _routes({"v3": 100})
    assert routes is not None
    assert are_routed(_shares({"v3": 100, "v5": 0}), routes)
    assert not are_routed(_shares({"v3": 100, "v6-shadow": 100}), routes)


def test_routes_are_read_out_in_the_versions_names() -> None:
    routes = _routes({"v3": 87.5, "v5-r2": 12.5, "v6-shadow": 100})
    assert routes is not None
    known = (
        *_shares({"v3": 90, "v6-shadow": 100}),
        Share(predictor="v5-r2", version="v5", shadow=False, percent=10),
    )

    assert describe_routed(routes, known) == "v3 87.5 %, v5 (v5-r2) 12.5 %, v6 shadow 100 % mirrored"
    assert describe_routed(DeploymentRoutes(), known) == "nothing"


def _differ(
    routed: Mapping[str, float], earlier: Mapping[str, int], later: Mapping[str, int]
) -> list[tuple[str, int, int]]:
    routes = _routes(routed)
    assert routes is not None
    return [
        (item.predictor, item.requests, item.total)
        for item in find_served_differences(routes.shares, earlier, later)
    ]


def test_served_as_routed_is_no_difference() -> None:
    assert _differ({"v3": 90, "v5": 10}, {"v3": 905, "v5": 95}, {"v3": 890, "v5": 110}) == []


def test_served_beyond_chance_in_both_halves_is_named() -> None:
    assert _differ({"v3": 90, "v5": 10}, {"v3": 500, "v5": 500}, {"v3": 480, "v5": 520}) == [
        ("v3", 980, 2000),
        ("v5", 1020, 2000),
    ]


@pytest.mark.parametrize(
    "later", [{"v3": 900, "v5": 100}, {"v3": 1000, "v5": 0}, {}], ids=["as routed", "the other way", "silent"]
)
def test_one_half_alone_is_an_edge_and_no_difference(later: Mapping[str, int]) -> None:
    assert _differ({"v3": 90, "v5": 10}, {"v3": 500, "v5": 500}, later) == []


def test_requests_of_a_version_that_is_not_routed_are_named() -> None:
    assert _differ({"v3": 100}, {"v3": 100, "v2": 3}, {"v3": 100, "v2": 2}) == [
        ("v3", 200, 205),
        ("v2", 5, 205),
    ]


def test_of_a_shadow_only_its_silence_is_told() -> None:
    half = {"v3": 100, "v6-shadow": 60}

    assert _differ({"v3": 100, "v6-shadow": 100}, half, half) == []
    assert _differ({"v3": 100, "v6-shadow": 100}, {"v3": 100}, {"v3": 100}) == [("v6-shadow", 0, 200)]


def test_no_requests_are_no_difference() -> None:
    assert _differ({"v3": 90, "v5": 10}, {}, {}) == []


def test_chance_is_not_named_in_ten_thousand_windows() -> None:
    draw = random.Random(20261123)  # the same draws each time
    named = 0
    for _ in range(10_000):
        halves = []
        for _ in range(2):
            total = draw.randrange(0, 200)
            own = sum(draw.random() < 0.1 for _ in range(total))
            halves.append({"v3": total - own, "v5": own})
        named += bool(_differ({"v3": 90, "v5": 10}, *halves))

    assert named == 0
