"""Policies about variants and their shares."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.policies.traffic_sums_to_100 import suggest_shares
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, SOUND, deployment, find, find_all, tell


def test_a_sound_repository_has_no_findings() -> None:
    assert find_all() == ()


class TestTrafficSum:
    def test_says_the_sum_each_share_and_what_is_missing(self) -> None:
        text = "model: wines\nvariants:\n  - version: 3\n    traffic: 90\n  - version: 5\n    traffic: 5\n"
        assert tell(find("traffic-sums-to-100", {DEPLOYMENT: text})) == [
            (
                f"{DEPLOYMENT}:6:14 production/wines: live traffic sums to 95 (v3 90, v5 5); it must be 100. "
                "Give the missing 5 to one of them, for example: v3 95, v5 5."
            )
        ]

    def test_says_what_is_too_much(self) -> None:
        text = deployment("{version: 3, traffic: 90}", "{version: 5, traffic: 20}")
        (finding,) = find("traffic-sums-to-100", {DEPLOYMENT: text})
        assert finding.advice == "Take the surplus 10 from one of them, for example: v3 80, v5 20."

    def test_a_single_live_variant_takes_all(self) -> None:
        text = deployment("{version: 3, traffic: 90}", "{version: 5, shadow: 10}")
        (finding,) = find("traffic-sums-to-100", {DEPLOYMENT: text})
        assert finding.message.startswith("production/wines: live traffic sums to 90 (v3 90)")
        assert finding.advice == "A single live variant takes all: v3 100."

    def test_a_shadow_does_not_count(self) -> None:
        text = deployment("{version: 3, traffic: 100}", "{version: 5, shadow: 50}")
        assert find("traffic-sums-to-100", {DEPLOYMENT: text}) == ()

    def test_waits_until_each_variant_has_one_role(self) -> None:
        text = deployment("{version: 3, traffic: 90}", "{version: 5}")
        assert find("traffic-sums-to-100", {DEPLOYMENT: text}) == ()

    def test_what_is_to_end_is_not_judged(self) -> None:
        text = deployment("{version: 3, traffic: 90}", rest="retire: true\n")
        assert find_all({DEPLOYMENT: text}) == ()
        retired = {ENVIRONMENT: f"{SOUND[ENVIRONMENT]}retire: true\n"}
        assert find_all({DEPLOYMENT: deployment("{version: 3, traffic: 90}"), **retired}) == ()

    @given(st.lists(st.integers(0, 100), min_size=1, max_size=9))
    def test_a_suggestion_sums_to_100_and_stays_within_bounds(self, shares: list[int]) -> None:
        suggested = suggest_shares(shares)
        assert sum(suggested) == 100
        assert len(suggested) == len(shares)
        assert all(0 <= share <= 100 for share in suggested)

    @given(st.lists(st.integers(0, 100), min_size=1, max_size=9))
    def test_a_suggestion_moves_no_more_than_the_difference(self, shares: list[int]) -> None:
        moved = sum(abs(new - old) for new, old in zip(suggest_shares(shares), shares, strict=True))
        assert moved == abs(100 - sum(shares))

    def test_no_shares_give_no_suggestion(self) -> None:
        assert suggest_shares([]) == ()


class TestVariantRole:
    def test_neither_traffic_nor_shadow(self) -> None:
        text = deployment("{version: 3, traffic: 100}", "{version: 5}")
        assert tell(find("variant-role", {DEPLOYMENT: text})) == [
            (
                f"{DEPLOYMENT}:4:5 production/wines: v5 says neither traffic nor shadow; it must say one. "
                "Add traffic: with its percent of requests, or shadow: with the percent mirrored to it."
            )
        ]

    def test_both_at_once(self) -> None:
        text = deployment("{version: 3, traffic: 100, shadow: 10}")
        (finding,) = find("variant-role", {DEPLOYMENT: text})
        assert str(finding.location) == f"{DEPLOYMENT}:3:32"
        assert finding.message == "production/wines: v3 says both traffic and shadow; it must say one."

    def test_no_version(self) -> None:
        text = deployment("{version: 3, traffic: 90}", "{traffic: 5}", "{traffic: 5, name: extra}")
        assert [finding.message for finding in find("variant-role", {DEPLOYMENT: text})] == [
            "production/wines: variant 2 names no version.",
            "production/wines: extra names no version.",
        ]


class TestOneShadow:
    def test_a_second_shadow(self) -> None:
        text = deployment(
            "{version: 3, traffic: 100}", "{version: 5, shadow: 10}", "{version: 6, shadow: 10}"
        )
        assert tell(find("one-shadow", {DEPLOYMENT: text})) == [
            (
                f"{DEPLOYMENT}:5:26 production/wines: v6 is a second shadow beside v5 (line 4); "
                "requests are mirrored "
                "to one only. Keep one of them and remove the other."
            )
        ]

    def test_a_shadow_alone(self) -> None:
        (finding,) = find("one-shadow", {DEPLOYMENT: deployment("{version: 5, shadow: 10}")})
        assert finding.message == ("production/wines: v5 is a shadow, and no live variant answers requests.")

    def test_one_beside_a_live_variant_is_fine(self) -> None:
        text = deployment("{version: 3, traffic: 100}", "{version: 5, shadow: 10}")
        assert find("one-shadow", {DEPLOYMENT: text}) == ()


class TestDistinctVersions:
    def test_a_version_twice_in_one_role(self) -> None:
        text = deployment("{version: 3, traffic: 90}", "{version: 3, traffic: 10}")
        assert tell(find("distinct-versions", {DEPLOYMENT: text})) == [
            (
                f"{DEPLOYMENT}:4:15 production/wines: v3 is live twice (first on line 3); once is enough. "
                "Join the two, or give one of them the version that was meant."
            )
        ]

    def test_a_new_rollout_is_not_another_version(self) -> None:
        text = deployment("{version: 3, traffic: 90}", "{version: 3, traffic: 10, rollout: 2}")
        (finding,) = find("distinct-versions", {DEPLOYMENT: text})
        assert "v3 is live twice" in finding.message

    def test_a_version_may_be_live_and_shadow(self) -> None:
        text = deployment("{version: 3, traffic: 100}", "{version: 3, shadow: 100}")
        assert find("distinct-versions", {DEPLOYMENT: text}) == ()

    def test_a_given_name_that_another_variant_derives(self) -> None:
        text = deployment("{version: 3, traffic: 90}", "{version: 5, traffic: 10, name: v3}")
        (finding,) = find("distinct-versions", {DEPLOYMENT: text})
        assert str(finding.location) == f"{DEPLOYMENT}:4:37"
        assert finding.message == (
            "production/wines: two variants become predictor v3 (the first on line 3); each "
            "needs a name of its own."
        )

    def test_a_derived_name_that_another_variant_was_given(self) -> None:
        text = deployment("{version: 5, traffic: 90, name: v3}", "{version: 3, traffic: 10}")
        (finding,) = find("distinct-versions", {DEPLOYMENT: text})
        assert str(finding.location) == f"{DEPLOYMENT}:4:15"

    def test_variants_without_a_version_are_left_to_variant_role(self) -> None:
        text = deployment("{traffic: 90}", "{traffic: 10}")
        assert find("distinct-versions", {DEPLOYMENT: text}) == ()


class TestZeroTraffic:
    def test_ambassador_v1_would_serve_it(self) -> None:
        changes = {
            ENVIRONMENT: f"{SOUND[ENVIRONMENT]}platform: {{ingress: ambassador-v1}}\n",
            DEPLOYMENT: deployment("{version: 3, traffic: 100}", "{version: 5, traffic: 0}"),
        }
        assert tell(find("zero-traffic-routed", changes)) == [
            (
                f"{DEPLOYMENT}:4:27 production/wines: v5 has traffic 0, which ambassador-v1 "
                "would serve as an equal "
                "share of the requests; expected a share above 0. Remove the variant, or make it a shadow."
            )
        ]

    def test_istio_serves_nothing_of_it(self) -> None:
        text = deployment("{version: 3, traffic: 100}", "{version: 5, traffic: 0}")
        assert find("zero-traffic-routed", {DEPLOYMENT: text}) == ()

    def test_one_cluster_is_enough(self) -> None:
        clusters = "clusters: {eu1: {}, us1: {platform: {ingress: ambassador-v1}}}\n"
        changes = {
            ENVIRONMENT: SOUND[ENVIRONMENT] + clusters,
            DEPLOYMENT: deployment("{version: 3, traffic: 100}", "{version: 5, traffic: 0}"),
        }
        assert len(find("zero-traffic-routed", changes)) == 1
