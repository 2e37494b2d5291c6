"""Policies about what declarations name: models, environments, namespaces, images, waived objects."""

from __future__ import annotations

import fnmatch
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plan.guards import WAIVABLE_GUARDS
from reconciler.policy.patterns import matches, matches_any
from reconciler.policy.policies.promotion_acyclic import find_circle
from reconciler.policy.policies.waivers_known import is_moment, list_waivable
from reconciler.policy.rules import GUARDS, list_rules
from reconciler.policy.wording import join_words, suggest_name
from reconciler.state.findings import Grade
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, EXCEPTIONS, MODEL, SOUND, find, tell

STAGING = "environments/staging/environment.yaml"


class TestReferencesExist:
    def test_a_model_that_is_not_there(self) -> None:
        text = SOUND[DEPLOYMENT].replace("wines", "wine")
        assert tell(find("references-exist", {DEPLOYMENT: text})) == [
            f"{DEPLOYMENT}:1:8 production/wines: there is no model wine (models/wine/model.yaml). "
            + 'Did you mean "wines"? Name a folder under models/, or add one: modelsync add model wine'
        ]

    def test_an_upstream_that_is_not_there(self) -> None:
        text = f"upstream: [staging, stagin]\n{SOUND[ENVIRONMENT]}"
        changes = {ENVIRONMENT: text, STAGING: "namespace: wines-staging\n"}
        assert tell(find("references-exist", changes)) == [
            f"{ENVIRONMENT}:1:21 production: there is no environment stagin "
            + '(environments/stagin/environment.yaml). Did you mean "staging"? '
            + "Name a folder under environments/, or remove it from upstream:."
        ]


class TestPromotion:
    def test_a_circle_is_told_in_each_of_its_files(self) -> None:
        changes = {
            ENVIRONMENT: "namespace: a\nupstream: [dev, staging]\n",
            STAGING: "namespace: b\nupstream: [production]\n",
            "environments/dev/environment.yaml": "namespace: c\n",
        }
        assert [line.partition(" Remove")[0] for line in tell(find("promotion-acyclic", changes))] == [
            f"{ENVIRONMENT}:2:17 production: promotion goes in a circle (production ← staging ← production); "
            + "expected one of them without upstream.",
            f"{STAGING}:2:12 staging: promotion goes in a circle (staging ← production ← staging); "
            + "expected one of them without upstream.",
        ]

    def test_an_environment_upstream_of_itself(self) -> None:
        (finding,) = find("promotion-acyclic", {ENVIRONMENT: "namespace: a\nupstream: [production]\n"})
        assert "(production ← production)" in finding.message

    def test_who_only_leads_to_a_circle_is_not_in_it(self) -> None:
        assert find_circle("c", {"a": ("b",), "b": ("a",), "c": ("a", "nowhere")}) == ()

    def test_the_way_around_is_the_shortest(self) -> None:
        upstream = {"a": ("b", "c"), "b": ("d",), "d": ("a",), "c": ("a",)}
        assert find_circle("a", upstream) == ("a", "c", "a")
        assert find_circle("b", upstream) == ("b", "d", "a", "b")

    @given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef")).map(tuple)))
    def test_a_circle_follows_upstream_and_comes_back(self, upstream: dict[str, tuple[str, ...]]) -> None:
        for name in upstream:
            circle = find_circle(name, upstream)
            assert all(after in upstream[before] for before, after in pairwise(circle))
            assert not circle or circle[0] == circle[-1] == name

    def test_a_line_longer_than_any_recursion(self) -> None:
        upstream = {str(number): (str(number + 1),) for number in range(5000)}
        assert find_circle("0", {**upstream, "5000": ("0",)})[0] == "0"


class TestOneTarget:
    def test_two_environments_in_one_namespace(self) -> None:
        changes = {ENVIRONMENT: "namespace: wines\n", STAGING: "namespace: wines\n"}
        assert tell(find("one-target-per-object", changes)) == [
            f"{ENVIRONMENT}:1:12 production: namespace wines belongs to staging ({STAGING}:1:12) too; "
            + "expected one of its own. "
            + "Give each a namespace of its own, or name different clusters: in both.",
            f"{STAGING}:1:12 staging: namespace wines belongs to production ({ENVIRONMENT}:1:12) too; "
            + "expected one of its own. "
            + "Give each a namespace of its own, or name different clusters: in both.",
        ]

    def test_in_different_clusters_they_are_different_namespaces(self) -> None:
        changes = {
            ENVIRONMENT: "namespace: wines\nclusters: {eu1: {}, us1: {}}\n",
            STAGING: "namespace: wines\nclusters: {test: {}}\n",
        }
        assert find("one-target-per-object", changes) == ()

    def test_one_shared_cluster_is_enough(self) -> None:
        changes = {
            ENVIRONMENT: "namespace: wines\nclusters: {eu1: {}, us1: {}}\n",
            STAGING: "namespace: wines\nclusters: {us1: {}}\n",
        }
        messages = [finding.message for finding in find("one-target-per-object", changes)]
        assert messages[0].startswith("production: namespace wines belongs to staging in cluster us1 (")
        assert len(messages) == 2

    def test_without_clusters_it_is_in_every_cluster(self) -> None:
        changes = {ENVIRONMENT: "namespace: wines\nclusters: {eu1: {}}\n", STAGING: "namespace: wines\n"}
        assert len(find("one-target-per-object", changes)) == 2

    def test_many_sharers_are_counted(self) -> None:
        names = ["a", "b", "c", "d", "e"]
        changes = {f"environments/{name}/environment.yaml": "namespace: shared\n" for name in names}
        findings = find("one-target-per-object", changes)
        assert len(findings) == 5
        assert "d (environments/d/environment.yaml:1:12) and 1 more too; " in findings[0].message


class TestAllowedReferences:
    def with_serving(self, serving: str) -> dict[str, str]:
        return {DEPLOYMENT: f"{SOUND[DEPLOYMENT]}serving: {serving}\n"}

    def test_an_image_from_elsewhere(self) -> None:
        changes = self.with_serving("{image: docker.io/somebody/server:latest}")
        assert tell(find("allowed-references", changes)) == [
            f"{DEPLOYMENT}:7:18 production/wines: image docker.io/somebody/server:latest is not allowed here "
            + "(allowed: registry.example.com/ml/*@sha256:*). Use an allowed one, or have it "
            + "added to allow.images "
            + "in environments/production/environment.yaml."
        ]

    @pytest.mark.parametrize(
        "image", ["registry.example.com/ml/wines@sha256:00", "seldonio/mlserver:1.7.1-mlflow", "own/server:1"]
    )
    def test_images_that_are_allowed(self, image: str) -> None:
        platform = "clusters: {eu1: {platform: {servers: {custom: {v2: {image: own/server:1}}}}}}\n"
        changes = {**self.with_serving(f"{{image: {image}}}"), ENVIRONMENT: SOUND[ENVIRONMENT] + platform}
        assert find("allowed-references", changes) == ()

    def test_a_service_account(self) -> None:
        assert find("allowed-references", self.with_serving("{serviceAccount: model}")) == ()
        (finding,) = find("allowed-references", self.with_serving("{serviceAccount: admin}"))
        assert finding.message == (
            "production/wines: service account admin is not allowed here (allowed: model)."
        )

    def test_a_secret_of_the_environment_or_of_one_cluster(self) -> None:
        mapping = '{from: "a:/", to: "s3://b", secret: root}'
        clusters = f"clusters: {{us1: {{artifacts: [{mapping}]}}, eu1: {{}}}}\n"
        text = f"namespace: wines\nartifacts: [{mapping}]\n{clusters}"
        assert [
            line.partition(" Use")[0] for line in tell(find("allowed-references", {ENVIRONMENT: text}))
        ] == [
            f"{ENVIRONMENT}:2:49 production: Secret root is not allowed here (none is allowed).",
            f"{ENVIRONMENT}:3:66 production: Secret root is not allowed here (none is allowed).",
        ]

    def test_an_environment_that_cannot_be_read_is_not_guessed_about(self) -> None:
        changes = {**self.with_serving("{image: x}"), ENVIRONMENT: None}
        assert find("allowed-references", changes) == ()


class TestPatterns:
    @pytest.mark.parametrize(
        ("text", "pattern"),
        [("model", "model"), ("a/b@sha256:0", "a/*@sha256:*"), ("", "*"), ("aXbXc", "a*b*c"), ("ab", "a**b")],
    )
    def test_covered(self, text: str, pattern: str) -> None:
        assert matches(text, pattern)

    @pytest.mark.parametrize(
        ("text", "pattern"),
        [("models", "model"), ("a.b", "a?b"), ("aa", "aa*a"), ("xab", "a*b"), ("a-c", "a*b*c"), ("a", "[a]")],
    )
    def test_not_covered(self, text: str, pattern: str) -> None:
        assert not matches(text, pattern)

    @given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
    def test_agrees_with_the_shells_patterns(self, pattern: str, text: str) -> None:
        assert matches(text, pattern) is fnmatch.fnmatchcase(text, pattern)

    def test_no_pattern_covers_nothing(self) -> None:
        assert not matches_any("x", ())


class TestWaivers:
    def find(self, waiver: str, **more: str) -> list[str]:
        return tell(find("waivers-known", {EXCEPTIONS: f"waivers:\n  - {waiver}\n", **more}))

    def test_a_sound_one(self) -> None:
        objects = "[production/wines, production/gone, production]"
        assert self.find(f'{{rule: max-prune, objects: {objects}, reason: moved, until: "2026-11-30"}}') == []

    def test_a_rule_that_cannot_be_waived(self) -> None:
        assert self.find('{rule: max-prunes, objects: [production], reason: x, until: "2026-11-30"}') == [
            f"{EXCEPTIONS}:2:12 production: a waiver names rule max-prunes, and there is no such rule. "
            + 'Did you mean "max-prune"? '
            + "Remove the waiver, or name a rule that modelsync policies lists as soft."
        ]
        assert self.find('{rule: variant-role, objects: [production], reason: x, until: "2026-11-30"}') == [
            f"{EXCEPTIONS}:2:12 production: rule variant-role cannot be waived: it is hard in production; "
            + "only soft rules can. Remove the waiver, and mend what the rule finds."
        ]

    @pytest.mark.parametrize("name", ["staging/wines", "wines", "production/", "staging"])
    def test_objects_of_elsewhere(self, name: str) -> None:
        (line,) = self.find(f'{{rule: max-prune, objects: [{name}], reason: x, until: "2026-11-30"}}')
        assert line.startswith(
            f"{EXCEPTIONS}:2:33 production: the waiver of max-prune names {name}, which is not"
        )

    def test_a_deployment_that_must_be_there(self) -> None:
        rule = "keep-a-running-variant"
        (line,) = self.find(f'{{rule: {rule}, objects: [production/wine], reason: x, until: "2026-11-30"}}')
        assert 'names production/wine, and there is no such deployment. Did you mean "wines"?' in line
        assert not self.find(f'{{rule: {rule}, objects: [production/wines], reason: x, until: "2026-11-30"}}')

    def test_a_day_that_does_not_exist(self) -> None:
        (line,) = self.find('{rule: max-prune, objects: [production], reason: x, until: "2026-02-30"}')
        assert line.startswith(
            f"{EXCEPTIONS}:2:64 production: the waiver of max-prune ends 2026-02-30; there is no such date."
        )

    @pytest.mark.parametrize("text", ["2026-11-30", "2026-11-30T12:00Z", "2026-11-30T12:00:59Z"])
    def test_moments(self, text: str) -> None:
        assert is_moment(text)

    @pytest.mark.parametrize("text", ["2026-13-01", "2026-11-30T24:00Z", "0000-01-01", "soon"])
    def test_no_moments(self, text: str) -> None:
        assert not is_moment(text)

    def test_the_guards_that_can_be_waived_are_those_that_heed_waivers(self) -> None:
        guards = {guard.id for guard in GUARDS}
        assert guards & set(list_waivable(None)) == WAIVABLE_GUARDS

    def test_what_is_soft_can_be_waived_and_nothing_else(self) -> None:
        soft = {rule.id for rule in list_rules().values() if rule.grade is Grade.SOFT}
        assert set(list_waivable(None)) == soft


class TestWording:
    def test_lists(self) -> None:
        assert join_words([]) == ""
        assert join_words(["a"]) == "a"
        assert join_words(["a", "b", "c"], "or") == "a, b or c"

    def test_suggestions(self) -> None:
        assert suggest_name("wine", ["wines", "beers"]) == ' Did you mean "wines"?'
        assert suggest_name("zzz", ["wines"]) == ""


def test_models_of_no_deployment_are_not_missed() -> None:
    assert find("references-exist", {"models/beers/model.yaml": SOUND[MODEL]}) == ()
