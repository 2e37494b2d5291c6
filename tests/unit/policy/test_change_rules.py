"""Rules about what a change does to what serves: Pods in place, how far it reaches, and freezes."""

from __future__ import annotations

from typing import ClassVar

import pytest

from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, MODEL, SOUND, deployment
from tests.unit.policy.judging import STAGED, STAGING, Files, digest, environment, judge, own_record, say

EXCEPTIONS = "environments/production/exceptions.yaml"
EXPERIMENT = """\
experiment:
  {baseline: v3, challengers: [v5], reward: {name: liked, range: [0, 1]}, minSamples: 9, until: 2026-12-01}
"""


class TestPodsInPlace:
    PROTECTED = environment("protected: true\n")

    def changes(self, before: Files, after: Files) -> list[str]:
        sound = {ENVIRONMENT: self.PROTECTED, DEPLOYMENT: deployment("{version: 5, traffic: 100}")}
        return [
            message.partition("answers requests: ")[2]
            for message in say(judge("in-place-change", {**sound, **before}, after))
        ]

    def test_the_first_differences_are_named(self) -> None:
        serving = "serving: {env: {A: '1', B: '2', C: '3', D: '4'}}\n"
        after = deployment("{version: 5, traffic: 100}", rest=serving)
        assert self.changes({}, {DEPLOYMENT: after}) == [
            "env.A nothing → 1, env.B nothing → 2, env.C nothing → 3 and 1 more; expected rollout: 2."
        ]

    def test_files_of_a_version_that_was_pinned_anew_are_other_files(self) -> None:
        after = {"models/wines/versions/5.yaml": own_record(5, "6")}
        (said,) = self.changes({}, after)
        assert said.startswith(
            f"files {digest('5')} → {digest('6')}, location s3://mlflow/artifacts/1/models/m-5"
        )

    def test_an_image_of_the_platform_counts(self) -> None:
        platform = "platform: {servers: {mlflow: {v2: {image: 'registry.example.com/ml/a@sha256:1'}}}}\n"
        after = {ENVIRONMENT: self.PROTECTED + platform}
        assert self.changes({}, after) == [
            "image seldonio/mlserver:1.7.1-mlflow → registry.example.com/ml/a@sha256:1; expected rollout: 2."
        ]

    def test_nodes_of_a_graph_are_told_apart(self) -> None:
        graph = (
            "{{name: blend, traffic: 100, graph: {{name: red, model: wines, version: 5, env: {{A: '{0}'}}}}}}"
        )
        before, after = deployment(graph.format(1)), deployment(graph.format(2))
        (said,) = self.changes({DEPLOYMENT: before}, {DEPLOYMENT: after})
        assert "red.env.A 1 → 2" in said
        assert said.endswith("; expected another name.")

    @pytest.mark.parametrize("traffic", ["traffic: 0", "shadow: 100"])
    def test_what_does_not_answer_may_change(self, traffic: str) -> None:
        other = f"{{version: 6, {traffic}}}"
        before = deployment("{version: 5, traffic: 100}", other)
        after = deployment("{version: 5, traffic: 100}", other.replace("}", ", serving: {env: {A: '1'}}}"))
        assert self.changes({DEPLOYMENT: before}, {DEPLOYMENT: after}) == []

    def test_a_model_without_a_file_is_as_it_was(self) -> None:
        assert (
            self.changes({MODEL: None}, {DEPLOYMENT: deployment("{version: 5, traffic: 100}", rest="# a\n")})
            == []
        )


class TestShared:
    def test_defaults_reach_every_environment(self) -> None:
        before = {
            "models/defaults.yaml": "serving: {startup: 5m}\n",
            STAGING: "namespace: s\nupstream: [production]\n",
            STAGED: deployment("{version: 3, traffic: 100}"),
        }
        after = {"models/defaults.yaml": "serving: {startup: 6m}\n"}
        found = judge("shared-serving-change", before, after)
        assert say(found) == [
            (
                "models/defaults.yaml: this replaces the Pods of live variants in production and staging "
                "with one merge; expected one environment."
            )
        ]
        assert "Try it in production first" in found.findings[0].advice
        gone = judge("shared-serving-change", before, {"models/defaults.yaml": None})
        assert [str(finding.location) for finding in gone.findings] == ["models/defaults.yaml:1:1"]

    def test_a_model_that_is_new_or_gone_changes_nothing_that_serves(self) -> None:
        assert say(judge("shared-serving-change", {MODEL: None}, {MODEL: SOUND[MODEL]})) == []


class TestMassChange:
    MANY: ClassVar[Files] = {
        f"environments/production/deployments/w{number}.yaml": deployment("{version: 3, traffic: 100}")
        for number in range(11)
    }

    def test_an_environment_whose_folder_goes_is_told_too(self) -> None:
        gone = dict.fromkeys((*self.MANY, ENVIRONMENT, DEPLOYMENT))
        found = judge("mass-change", self.MANY, gone)
        assert [f"{finding.location} {finding.message}" for finding in found.findings] == [
            (
                "environments/production/environment.yaml:1:1 production: this change removes 12 of 12 "
                "deployments; at most 10 per change (rule mass-change)."
            )
        ]

    def test_settings_that_reach_many_count_as_changes_of_them(self) -> None:
        found = judge("mass-change", self.MANY, {MODEL: SOUND[MODEL].replace("1Gi", "2Gi")})
        assert "production: this change changes 12 of 12 deployments" in say(found)[0]


class TestFreeze:
    FROZEN: ClassVar[Files] = {
        EXCEPTIONS: "freezes: [{until: 2026-11-30, reason: sale}]\n",
        DEPLOYMENT: deployment("{version: 3, traffic: 90}", "{version: 5, traffic: 10}"),
    }

    @pytest.mark.parametrize(
        "after",
        [
            deployment("{version: 3, traffic: 95}", "{version: 5, traffic: 5}"),
            deployment("{version: 3, traffic: 100}", rest="retire: true\n"),
            deployment("{version: 5, traffic: 100}"),
        ],
    )
    def test_lowering_removing_and_retiring_are_never_stopped(self, after: str) -> None:
        assert say(judge("freeze-kept", self.FROZEN, {DEPLOYMENT: after})) == []

    @pytest.mark.parametrize(
        "after",
        [
            deployment("{version: 5, traffic: 10}", "{version: 3, traffic: 90}"),
            deployment("{version: 3, traffic: 50}", "{version: 5, traffic: 50}"),
            deployment("{version: 5, traffic: 90}", "{version: 6, traffic: 10}"),
            deployment("{version: 5, traffic: 100, serving: {env: {A: '1'}}}"),
            deployment("{version: 3, traffic: 100, serving: {env: {A: '1'}}}"),
            deployment("{version: 3, traffic: 90}", "{version: 5, traffic: 10}", "{version: 6, shadow: 10}"),
            deployment(
                "{version: 3, traffic: 90}", "{version: 5, traffic: 10}", rest="serving: {replicas: 3}\n"
            ),
        ],
    )
    def test_what_is_no_withdrawal_waits(self, after: str) -> None:
        assert len(say(judge("freeze-kept", self.FROZEN, {DEPLOYMENT: after}))) == 1

    def test_with_the_baseline_gone_the_others_take_no_more_than_it_had(self) -> None:
        three = ("{version: 3, traffic: 50}", "{version: 5, traffic: 30}", "{version: 6, traffic: 20}")
        before = {**self.FROZEN, DEPLOYMENT: deployment(*three)}
        freed = deployment("{version: 5, traffic: 60}", "{version: 6, traffic: 40}")
        shifted = deployment("{version: 5, traffic: 90}", "{version: 6, traffic: 10}")
        assert say(judge("freeze-kept", before, {DEPLOYMENT: freed})) == []
        assert len(say(judge("freeze-kept", before, {DEPLOYMENT: shifted}))) == 1

    def test_another_order_of_those_that_stay_is_no_withdrawal(self) -> None:
        three = ("{version: 3, traffic: 50}", "{version: 5, traffic: 30}", "{version: 6, traffic: 20}")
        before = {**self.FROZEN, DEPLOYMENT: deployment(*three)}
        for after in (
            (three[0], three[2], three[1]),
            ("{version: 6, traffic: 40}", "{version: 5, traffic: 60}"),
        ):
            assert len(say(judge("freeze-kept", before, {DEPLOYMENT: deployment(*after)}))) == 1

    def test_a_shadow_that_sees_more_is_no_withdrawal(self) -> None:
        one = ("{version: 3, traffic: 100}", "{version: 6, shadow: %d}")
        before = {**self.FROZEN, DEPLOYMENT: deployment(one[0], one[1] % 10)}
        more, less = (deployment(one[0], one[1] % share) for share in (20, 5))
        assert len(say(judge("freeze-kept", before, {DEPLOYMENT: more}))) == 1
        assert say(judge("freeze-kept", before, {DEPLOYMENT: less})) == []

    def test_a_named_shadow_that_becomes_live_is_no_withdrawal(self) -> None:
        three, red = "{version: 3, traffic: %d}", "{name: red, version: 5, %s: 50}"
        before = {**self.FROZEN, DEPLOYMENT: deployment(three % 100, red % "shadow")}
        answers = deployment(three % 50, red % "traffic")
        assert len(say(judge("freeze-kept", before, {DEPLOYMENT: answers}))) == 1
        turned = {**self.FROZEN, DEPLOYMENT: answers}
        assert len(say(judge("freeze-kept", turned, before))) == 1

    def test_an_experiment_ends_with_the_challenger_that_goes(self) -> None:
        before = {**self.FROZEN, DEPLOYMENT: f"{self.FROZEN[DEPLOYMENT]}{EXPERIMENT}"}
        assert say(judge("freeze-kept", before, {DEPLOYMENT: deployment("{version: 3, traffic: 100}")})) == []

    def test_an_experiment_alone_changes_nothing_that_serves(self) -> None:
        after = {DEPLOYMENT: f"{self.FROZEN[DEPLOYMENT]}{EXPERIMENT}"}
        assert say(judge("freeze-kept", self.FROZEN, after)) == []
        elsewhere = {ENVIRONMENT: SOUND[ENVIRONMENT].replace("wines-production", "others")}
        assert len(say(judge("freeze-kept", self.FROZEN, {**after, **elsewhere}))) == 1

    def test_settings_from_elsewhere_wait_too(self) -> None:
        found = judge("freeze-kept", self.FROZEN, {MODEL: SOUND[MODEL].replace("1Gi", "2Gi")})
        assert len(say(found)) == 1

    def test_what_no_pod_sees_does_not_wait(self) -> None:
        after = {ENVIRONMENT: environment("protected: true\n")}
        assert say(judge("freeze-kept", self.FROZEN, after)) == []

    def test_a_freeze_that_is_over_holds_nothing(self) -> None:
        over = {**self.FROZEN, EXCEPTIONS: "freezes: [{until: 2026-11-20, reason: sale}]\n"}
        after = {DEPLOYMENT: deployment("{version: 3, traffic: 50}", "{version: 5, traffic: 50}")}
        assert say(judge("freeze-kept", over, after)) == []
