"""Declared experiments and shadows: what can be decided, what must stay, what is over."""

from __future__ import annotations

import pytest

from reconciler.policy.context import Context
from reconciler.policy.engine import run_policies
from reconciler.policy.policies import POLICIES
from tests.unit.policy.building import DEPLOYMENT, NOW, deployment, find, repository
from tests.unit.policy.judging import RECORDS, Files, digest, judge, own_record, say, span

TWO = ("{version: 3, traffic: 90}", "{version: 5, traffic: 10}")
THREE = (*TWO[:1], "{version: 5, traffic: 5}", "{version: 6, traffic: 5}")


def experiment(baseline: str = "v3", challengers: str = "[v5]", until: str = "2026-12-15") -> str:
    return (
        f"experiment: {{baseline: {baseline}, challengers: {challengers}, attribution: predictor, "
        f"reward: {{name: rating, range: [0, 1]}}, minSamples: 5000, until: {until}}}\n"
    )


def declare(*variants: str, said: str) -> Files:
    return {**RECORDS, DEPLOYMENT: deployment(*variants, rest=said)}


class TestDecides:
    def test_versions_with_equal_artifacts_are_one(self) -> None:
        same = {
            "models/wines/versions/3.yaml": own_record(3),
            "models/wines/versions/5.yaml": own_record(5, "3"),
        }
        (found,) = find("experiment-decides", {**declare(*TWO, said=experiment()), **same})
        assert found.message == (
            "production/wines: the experiment's challenger v5 is the same version as v3, which is the "
            "baseline already; expected another version."
        )

    def test_a_challenger_that_is_named_twice_is_told_once(self) -> None:
        given = declare(*TWO, said=experiment(challengers="[v5, v5]"))
        assert [found.message for found in find("experiment-decides", given)] == [
            (
                "production/wines: the experiment's challenger v5 is a challenger already; expected another "
                "version."
            )
        ]

    @pytest.mark.parametrize("bounds", ["[0, 0]", "[2, 1]", "[0.5, 0.25]"])
    def test_bounds_are_two_numbers_apart(self, bounds: str) -> None:
        said = experiment().replace("[0, 1]", bounds)
        assert len(find("experiment-decides", declare(*TWO, said=said))) == 1

    def test_what_is_retired_decides_nothing(self) -> None:
        said = experiment(challengers="[v9]") + "retire: true\n"
        assert find("experiment-decides", declare(*TWO, said=said)) == ()

    def test_graphs_of_the_same_models_are_one(self) -> None:
        graph = "{name: %s, traffic: 50, graph: {name: node, type: model, model: wines, version: 3}}"
        said = experiment(baseline="a", challengers="[b]")
        (found,) = find("experiment-decides", declare(graph % "a", graph % "b", said=said))
        assert "challenger b is the same version as a" in found.message


class TestKept:
    def test_leaving_a_challenger_out_is_free(self) -> None:
        before = declare(*THREE, said=experiment(challengers="[v5, v6]"))
        assert say(judge("experiment-kept", before, declare(*TWO, said=experiment()))) == []

    @pytest.mark.parametrize("rest", ["", "retire: true\n"])
    def test_ending_it_is_free(self, rest: str) -> None:
        before = declare(*TWO, said=experiment())
        assert say(judge("experiment-kept", before, declare("{version: 6, traffic: 100}", said=rest))) == []
        assert say(judge("experiment-kept", before, {DEPLOYMENT: None})) == []

    def test_another_challenger_would_begin_later_than_the_others(self) -> None:
        before = declare(*THREE, said=experiment())
        after = declare(*THREE, said=experiment(challengers="[v5, v6]"))
        assert say(judge("experiment-kept", before, after)) == [
            (
                "production/wines: v6 becomes challenger of an experiment that runs until 2026-12-15; "
                "expected v5 till then."
            )
        ]

    def test_new_artifacts_under_the_same_number_are_another_version(self) -> None:
        before = declare(*TWO, said=experiment())
        again = {"models/wines/versions/5.yaml": own_record(5, "9")}
        (found,) = say(judge("experiment-kept", before, again))
        assert found == (
            "production/wines: challenger v5 of an experiment that runs until 2026-12-15 serves "
            f"v5 ({digest('9')[:19]}…); expected v5 ({digest('5')[:19]}…) till then."
        )

    GRAPH = (
        "{name: b, traffic: 10, graph: {name: mean, type: combiner, children: ["
        "{name: %s, model: wines, version: %d}, {name: %s, model: wines, version: %d}]}}"
    )

    def test_versions_of_a_graph_are_told_by_their_nodes(self) -> None:
        said = experiment(challengers="[b]")
        before = declare(TWO[0], self.GRAPH % ("red", 5, "white", 6), said=said)
        other = declare(TWO[0], self.GRAPH % ("red", 6, "white", 5), said=said)
        assert say(judge("experiment-kept", before, other)) == [
            (
                "production/wines: challenger b of an experiment that runs until 2026-12-15 serves wines v6 "
                "in b/red and wines v5 in b/white; expected wines v5 in b/red and wines v6 in b/white till "
                "then."
            )
        ]

    def test_the_order_of_nodes_makes_no_other_version(self) -> None:
        said = experiment(challengers="[b]")
        before = declare(TWO[0], self.GRAPH % ("red", 5, "white", 6), said=said)
        turned = declare(TWO[0], self.GRAPH % ("white", 6, "red", 5), said=said)
        assert say(judge("experiment-kept", before, turned)) == []

    @pytest.mark.parametrize(
        ("was", "now", "told"),
        [
            ("minSamples: 5000", "minSamples: 500", "minSamples {} becomes 500; expected 5000"),
            ("name: rating", "name: clicks", 'reward.name {} becomes "clicks"; expected "rating"'),
            ("range: [0, 1]", "range: [0, 0.5]", "reward.range {} becomes [0, 0.5]; expected [0, 1]"),
            (", range: [0, 1]", "", "reward.range {} becomes nothing; expected [0, 1]"),
            ("predictor", "ledger", "attribution {} becomes ledger; expected predictor"),
            ("attribution: predictor, ", "", "attribution {} becomes nothing; expected predictor"),
        ],
    )
    def test_what_decides_it_stays(self, was: str, now: str, told: str) -> None:
        said = experiment()
        assert was in said
        before, after = declare(*TWO, said=said), declare(*TWO, said=said.replace(was, now))
        until = "of an experiment that runs until 2026-12-15"
        found = say(judge("experiment-kept", before, after))
        assert found == [f"production/wines: {told.format(until)} till then."]

    @pytest.mark.parametrize("said", ["attribution: predictor, ", ", range: [0, 1]"])
    def test_what_was_left_out_may_be_said(self, said: str) -> None:
        before = declare(*TWO, said=experiment().replace(said, ""))
        assert say(judge("experiment-kept", before, declare(*TWO, said=experiment()))) == []

    def test_another_end_is_free(self) -> None:
        before = declare(*TWO, said=experiment())
        assert say(judge("experiment-kept", before, declare(*TWO, said=experiment(until="2027-01-15")))) == []

    def test_what_is_no_variant_is_known_by_its_name(self) -> None:
        before = declare(*TWO, said=experiment(challengers="[v8]"))
        assert say(judge("experiment-kept", before, declare(*TWO, said=experiment(challengers="[v8]")))) == []
        (found,) = say(judge("experiment-kept", before, declare(*TWO, said=experiment(challengers="[v9]"))))
        assert "v9 becomes challenger" in found

    def test_one_whose_end_is_no_date_does_not_run(self) -> None:
        before = declare(*THREE, said=experiment(until="2026-02-31"))
        assert say(judge("experiment-kept", before, declare(*THREE, said=experiment("v5", "[v6]")))) == []


class TestCurrent:
    def test_one_that_runs_leaves_nothing_open(self) -> None:
        """Else no validation with --strict would pass while it runs."""
        (policy,) = (policy for policy in POLICIES if policy.id == "experiment-current")
        given = repository({**RECORDS, **declare(*TWO, said=experiment())})
        judged = run_policies(Context(repository=given, now=NOW), (policy,))
        assert (judged.findings, judged.undecided) == ((), ())


class TestShadows:
    SHADOW = declare("{version: 3, traffic: 100}", "{version: 6, shadow: 100}", said="")
    TRIED = declare(
        "{version: 3, traffic: 90}", "{version: 5, traffic: 10}", "{version: 6, shadow: 100}", said=""
    )

    def old(self, since: str, until: str = "") -> dict[str, object]:
        one = span("production/wines", 6, 0, since, until)
        return {**one, "shadow": 100}

    def test_gaps_begin_it_anew(self) -> None:
        spans = (self.old("2026-08-01", "2026-10-01"), self.old("2026-11-01"))
        assert say(judge("shadow-current", self.SHADOW, self.TRIED, spans)) == []

    def test_a_change_is_asked_about_what_it_touches_only(self) -> None:
        spans = (self.old("2026-08-01"),)
        assert len(say(judge("shadow-current", self.SHADOW, self.TRIED, spans))) == 1
        assert say(judge("shadow-current", self.SHADOW, {}, spans)) == []

    def test_what_this_change_takes_out_is_over(self) -> None:
        after = declare("{version: 3, traffic: 100}", said="")
        assert say(judge("shadow-current", self.SHADOW, after, (self.old("2026-08-01"),))) == []

    def test_what_this_change_brings_is_young(self) -> None:
        assert say(judge("shadow-current", {}, self.SHADOW, (self.old("2026-08-01", "2026-09-01"),))) == []

    @pytest.mark.parametrize("value", ["30", 30, "1 month", True])
    def test_what_is_no_duration_is_no_limit(self, value: object) -> None:
        (policy,) = (policy for policy in POLICIES if policy.id == "shadow-current")
        assert policy.parameter is not None
        with pytest.raises(ValueError, match="^$"):
            policy.parameter.measure(value)
