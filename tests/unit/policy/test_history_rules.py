"""Rules from history: what they hold back, what they let through, what they cannot tell."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from reconciler.policy.engine import Judgement
from reconciler.policy.policies import POLICIES
from reconciler.policy.soak import measure_times
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, deployment
from tests.unit.policy.judging import STAGES, Files, digest, environment, judge, own_record, say, span

UPSTREAM = environment("upstream: [staging]\n")
SOAK = environment("upstream: [staging]\nrules: {soak: {shadow: 0h, upTo10: 2h, above: 24h}}\n")


class TestSoak:
    V3: ClassVar[Files] = {ENVIRONMENT: SOAK, DEPLOYMENT: deployment("{version: 3, traffic: 100}"), **STAGES}

    def test_gaps_do_not_count_and_overlaps_count_once(self) -> None:
        spans = (
            span("staging/wines", 5, 100, "2026-11-22T00:00Z", "2026-11-22T10:00Z"),
            span("staging/reds", 5, 100, "2026-11-22T08:00Z", "2026-11-22T12:00Z"),
            span("staging/wines", 5, 50, "2026-11-23T06:00Z"),
        )
        after = {DEPLOYMENT: deployment("{version: 3, traffic: 50}", "{version: 5, traffic: 50}")}
        assert say(judge("soak", self.V3, after, spans)) == [
            (
                "production/wines: v5 has been in staging for 18 h; above 10 % it needs 24 h there "
                "(free from 2026-11-23 18:00 UTC)."
            )
        ]

    def test_a_share_of_nothing_proves_nothing(self) -> None:
        after = {DEPLOYMENT: deployment("{version: 3, traffic: 90}", "{version: 5, traffic: 10}")}
        found = judge("soak", self.V3, after, (span("staging/wines", 5, 0, "2026-10-22T00:00Z"),))
        assert say(found) == [
            "production/wines: v5 has not been in staging yet; up to 10 % it needs 2 h there."
        ]
        assert found.findings[0].advice.startswith("Serve it in staging first. ")

    def test_equal_artifacts_are_the_same_version_whatever_its_name(self) -> None:
        after = {
            DEPLOYMENT: deployment("{version: 3, traffic: 50}", "{version: 5, traffic: 50}"),
        }
        same = span("staging/wines", 1, 100, "2026-10-22T00:00Z", model="wines-trial", digest=digest("5"))
        other = {**same, "model": "wines", "version": 5, "digest": digest("6")}
        assert say(judge("soak", self.V3, after, (same,))) == []
        assert len(say(judge("soak", self.V3, after, (other,)))) == 1

    def test_more_of_what_is_let_in_already_is_no_matter_of_soak(self) -> None:
        before = {
            **self.V3,
            DEPLOYMENT: deployment("{version: 3, traffic: 80}", "{version: 5, traffic: 20}"),
        }
        after = {DEPLOYMENT: deployment("{version: 3, traffic: 20}", "{version: 5, traffic: 80}")}
        assert say(judge("soak", before, after)) == []

    def test_every_upstream_environment_counts(self) -> None:
        both = SOAK.replace("[staging]", "[staging, trial]")
        before = {**self.V3, ENVIRONMENT: both, "environments/trial/environment.yaml": "namespace: t\n"}
        after = {DEPLOYMENT: deployment("{version: 3, traffic: 90}", "{version: 5, traffic: 10}")}
        spans = (
            span("staging/wines", 5, 100, "2026-11-01T00:00Z"),
            span("trial/wines", 5, 100, "2026-11-23T11:30Z"),
        )
        found = judge("soak", before, after, spans)
        assert say(found) == [
            (
                "production/wines: v5 has been in trial for 30 min; up to 10 % it needs 2 h there "
                "(free from 2026-11-23 13:30 UTC)."
            )
        ]
        assert "meanwhile it may serve as shadow now." in found.findings[0].advice

    def test_a_history_that_is_cut_short_proves_what_it_holds_and_nothing_else(self) -> None:
        after = {DEPLOYMENT: deployment("{version: 3, traffic: 90}", "{version: 5, traffic: 10}")}
        enough = (span("staging/wines", 5, 100, "2026-11-23T09:00Z"),)
        short = (span("staging/wines", 5, 100, "2026-11-23T11:00Z"),)
        assert judge("soak", self.V3, after, enough, complete=False) == Judgement()
        found = judge("soak", self.V3, after, short, complete=False)
        assert found.findings == ()
        assert [item.reason for item in found.undecided] == [
            (
                "production/wines: v5 has been in staging for 1 h as far as the history at hand goes back, "
                "and needs 2 h, as the clone is cut short (git fetch --unshallow, in CI fetch-depth: 0)"
            )
        ]

    def test_without_a_history_nothing_is_decided(self) -> None:
        found = judge("soak", self.V3, {}, None)
        assert [item.rule for item in found.undecided] == ["soak"]

    @pytest.mark.parametrize("value", [5, "24h", {"above": 24}, {"over": "24h"}, {"above": "999999999d"}])
    def test_a_value_of_another_form_is_none(self, value: Any) -> None:
        with pytest.raises(ValueError, match="^$"):
            measure_times(value)


class TestOrder:
    BEFORE: ClassVar[Files] = {
        ENVIRONMENT: UPSTREAM,
        DEPLOYMENT: deployment("{version: 3, traffic: 100}"),
        **STAGES,
    }

    def test_parts_of_a_graph_come_by_the_same_way(self) -> None:
        graph = (
            "{name: blend, traffic: 10, graph: {name: red, model: wines, version: 5}}",
            "{version: 3, traffic: 90}",
        )
        found = judge("promotion-order", self.BEFORE, {DEPLOYMENT: deployment(*graph)})
        assert say(found) == [
            "production/wines: wines v5 never ran in staging, which comes first (upstream of production)."
        ]

    def test_what_a_history_that_is_cut_short_does_not_hold_is_not_known(self) -> None:
        after = {DEPLOYMENT: deployment("{version: 3, traffic: 90}", "{version: 5, traffic: 10}")}
        found = judge("promotion-order", self.BEFORE, after, complete=False)
        assert [item.reason for item in found.undecided] == [
            (
                "production/wines: whether v5 ever ran in staging cannot be told, as the clone is cut short "
                "(git fetch --unshallow, in CI fetch-depth: 0)"
            )
        ]

    def test_the_way_back_needs_no_way_up(self) -> None:
        before = {**self.BEFORE, DEPLOYMENT: deployment("{version: 5, traffic: 100}")}
        after = {DEPLOYMENT: deployment("{version: 3, traffic: 100}")}
        spans = (span("production/wines", 3, 100, "2026-10-01", "2026-11-01"),)
        assert say(judge("promotion-order", before, after, spans)) == []

    def test_an_environment_without_a_readable_file_has_no_upstream(self) -> None:
        assert say(judge("promotion-order", {}, {ENVIRONMENT: None, DEPLOYMENT: None})) == []


class TestRollback:
    BEFORE: ClassVar[Files] = {DEPLOYMENT: deployment("{version: 5, traffic: 100}")}
    AFTER: ClassVar[Files] = {DEPLOYMENT: deployment("{version: 2, traffic: 100}")}

    def test_a_shadow_never_answered(self) -> None:
        shadow = {"object": "production/wines", "version": 2, "shadow": 100, "since": "2026-10-01"}
        found = judge("rollback-served", self.BEFORE, self.AFTER, (shadow,))
        assert say(found) == [
            (
                "production/wines: v2 is lower than all that answer, but production never served it, so "
                "this is no rollback."
            )
        ]

    def test_what_answers_now_is_no_way_back(self) -> None:
        spans = (
            span("production/wines", 5, 100, "2026-10-01"),
            span("production/reds", 4, 100, "2026-10-01"),
        )
        found = judge("rollback-served", self.BEFORE, self.AFTER, spans)
        assert "The nearest that did is v4 (until now)." in say(found)[0]

    def test_a_history_that_is_cut_short_does_not_tell(self) -> None:
        found = judge("rollback-served", self.BEFORE, self.AFTER, complete=False)
        assert found.findings == ()
        assert "whether production ever served v2 cannot be told" in found.undecided[0].reason

    @pytest.mark.parametrize(
        "after",
        [
            deployment("{version: 5, traffic: 100}", "{version: 2, shadow: 100}"),
            deployment("{version: 5, traffic: 50}", "{version: 6, traffic: 50}"),
        ],
    )
    def test_shadows_and_higher_versions_are_no_rollback(self, after: str) -> None:
        assert say(judge("rollback-served", self.BEFORE, {DEPLOYMENT: after})) == []


class TestSteps:
    STEP = environment("rules: {max-traffic-step: 20}\n")

    def test_variants_of_one_version_count_together(self) -> None:
        before = {
            ENVIRONMENT: self.STEP,
            DEPLOYMENT: deployment("{version: 3, traffic: 90}", "{version: 5, traffic: 10}"),
        }
        same = {"models/wines/versions/6.yaml": own_record(6, "5")}
        after = deployment(
            "{version: 3, traffic: 60}", "{version: 5, traffic: 20}", "{version: 6, traffic: 20}"
        )
        assert say(judge("max-traffic-step", {**before, **same}, {DEPLOYMENT: after})) == [
            (
                "production/wines: v5 goes 10 → 40 %, 30 points; at most 20 points per change "
                "(rule max-traffic-step)."
            )
        ]

    def test_a_lower_version_that_answered_here_goes_up_at_once(self) -> None:
        before = {ENVIRONMENT: self.STEP, DEPLOYMENT: deployment("{version: 5, traffic: 100}")}
        after = {DEPLOYMENT: deployment("{version: 5, traffic: 30}", "{version: 3, traffic: 70}")}
        spans = (span("production/wines", 3, 100, "2026-10-01", "2026-11-01"),)
        assert say(judge("max-traffic-step", before, after, spans)) == []
        assert len(say(judge("max-traffic-step", before, after))) == 1

    @pytest.mark.parametrize(
        ("rules", "grades"),
        [
            ("max-traffic-step: 20", ["soft", "advisory"]),
            ("max-traffic-step: {grade: soft, value: 20}", ["soft", "advisory"]),
            ("max-traffic-step: {grade: hard, value: 20}", ["hard", "advisory"]),
        ],
    )
    def test_taking_the_baseline_out_is_advised_on_but_not_stopped(
        self, rules: str, grades: list[str]
    ) -> None:
        before = {
            ENVIRONMENT: environment(f"rules: {{{rules}}}\n"),
            DEPLOYMENT: deployment("{version: 3, traffic: 90}", "{version: 5, traffic: 10}"),
        }
        raised = deployment("{version: 3, traffic: 50}", "{version: 5, traffic: 50}")
        alone = deployment("{version: 5, traffic: 100}")
        found = [judge("max-traffic-step", before, {DEPLOYMENT: after}) for after in (raised, alone)]
        assert [one.findings[0].grade.value for one in found] == grades
        assert "let it go after v5 took its share in steps" in found[1].findings[0].advice

    def test_a_set_with_other_shares_is_no_restored_one(self) -> None:
        before = {ENVIRONMENT: self.STEP, DEPLOYMENT: deployment("{version: 3, traffic: 100}")}
        after = {
            DEPLOYMENT: deployment(
                "{version: 3, traffic: 50}", "{version: 5, traffic: 50}", "{version: 6, shadow: 10}"
            )
        }
        served = (
            span("production/wines", 3, 50, "2026-10-01", "2026-11-01"),
            span("production/wines", 5, 50, "2026-10-01", "2026-11-01"),
        )
        shadow = {"object": "production/wines", "version": 6, "shadow": 10, "since": "2026-10-01"}
        assert len(say(judge("max-traffic-step", before, after, served))) == 1
        assert say(judge("max-traffic-step", before, after, (*served, shadow))) == []

    @pytest.mark.parametrize("value", ["20", "true", "101", "-1"])
    def test_what_is_no_number_of_points_is_no_limit(self, value: str) -> None:
        (policy,) = (policy for policy in POLICIES if policy.id == "max-traffic-step")
        assert policy.parameter is not None
        said = {"20": "20", "true": True, "101": 101, "-1": -1}[value]
        with pytest.raises(ValueError, match="^$"):
            policy.parameter.measure(said)


class TestRunningSet:
    def test_a_history_that_is_cut_short_does_not_tell_whether_it_is_a_way_back(self) -> None:
        found = judge(
            "running-set-kept",
            {DEPLOYMENT: deployment("{version: 5, traffic: 100}")},
            {DEPLOYMENT: deployment("{version: 3, traffic: 100}")},
            complete=False,
        )
        assert found.findings == ()
        assert "none of the running versions (v5 100 %) remains" in found.undecided[0].reason

    def test_a_set_without_any_share_is_told_by_another_rule(self) -> None:
        found = judge(
            "running-set-kept",
            {DEPLOYMENT: deployment("{version: 5, traffic: 100}")},
            {DEPLOYMENT: deployment("{version: 3, traffic: 0}")},
        )
        assert found == Judgement()
