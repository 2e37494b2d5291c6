"""What the registry bot proposes, and what it does about a pull request, on values."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from reconciler.plan.following import (
    Branch,
    Candidate,
    Choice,
    Failing,
    Market,
    Measured,
    Standing,
    Step,
    choose,
    decide_step,
    find_hold,
    judge_failure,
    list_newer,
    list_served,
    list_sick,
)
from reconciler.state.declarations import Deployment, Follow
from reconciler.state.exceptions import Exceptions
from reconciler.state.objects import SELDON_DEPLOYMENT, ObjectKey
from reconciler.state.observations import Health, HealthWord, VariantHealth
from reconciler.state.shares import Share

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
FACTS, OTHER = "a" * 64, "b" * 64


def declare(*variants: dict[str, Any]) -> Deployment:
    return Deployment.model_validate({"model": "wines", "variants": tuple(variants)})


SERVED = declare({"version": 3, "traffic": 90}, {"version": 5, "traffic": 10}, {"version": 6, "shadow": 100})


def follow(**given: Any) -> Follow:
    return Follow.model_validate(given)


def market(*versions: int, **more: Any) -> Market:
    return Market(
        name="wine-quality", candidates=tuple(Candidate(version=version) for version in versions), **more
    )


def tagged(version: int, **tags: str) -> Candidate:
    return Candidate(version=version, tags=tags)


class TestWhatIsNewer:
    def test_what_is_live_counts_and_shadows_do_not(self) -> None:
        assert list_served(SERVED) == (3, 5)

    def test_it_is_ready_and_above_all_that_is_live(self) -> None:
        versions = (*(Candidate(version=number) for number in (7, 4, 6)), Candidate(version=8, ready=False))
        assert [item.version for item in list_newer(SERVED, versions)] == [6, 7]

    def test_where_graphs_serve_every_version_is(self) -> None:
        graph = {"name": "blend", "type": "router", "image": "registry.example.com/r:1"}
        blend = declare({"name": "blend", "traffic": 100, "graph": graph})
        assert [item.version for item in list_newer(blend, (Candidate(version=1),))] == [1]


class TestByAlias:
    @pytest.mark.parametrize(
        ("aliases", "held", "expected"),
        [
            ({"champion": 6}, {}, Choice(version=6, reason="alias champion is v6")),
            (
                {"other": 6},
                {},
                Choice(version=None, reason="no version of wine-quality has the alias champion"),
            ),
            ({"champion": 5}, {}, Choice(version=None, reason="alias champion is v5, which is live already")),
            (
                {"champion": 4},
                {},
                Choice(version=None, reason="alias champion is v4, and v5, which is live, is newer"),
            ),
            (
                {"champion": 6},
                {6: "answers nonsense"},
                Choice(version=None, reason="alias champion is v6, which is held (answers nonsense)"),
            ),
            (
                {"champion": 9},
                {},
                Choice(version=None, reason="alias champion is v9, which is not ready in the registry"),
            ),
        ],
    )
    def test_it_names_one_version(
        self, aliases: dict[str, int], held: dict[int, str], expected: Choice
    ) -> None:
        found = market(3, 4, 5, 6, 7, aliases=aliases)
        assert choose(follow(alias="champion"), SERVED, found, held) == expected

    def test_a_model_without_versions_is_told(self) -> None:
        choice = choose(follow(alias="champion"), SERVED, market(), {})
        assert choice == Choice(version=None, reason="the registry has no version of wine-quality")


class TestByTag:
    FOLLOW = follow(tag={"stage": "ready", "reviewed": "yes"})
    OFFER = replace(
        market(),
        candidates=(
            tagged(6, stage="ready", reviewed="yes"),
            tagged(7, stage="ready", reviewed="yes"),
            tagged(8, stage="ready"),
        ),
    )

    def test_the_newest_with_all_of_them_counts(self) -> None:
        choice = choose(self.FOLLOW, SERVED, self.OFFER, {})
        assert choice == Choice(version=7, reason="v7 is the newest with stage: ready and reviewed: yes")

    def test_a_held_one_makes_place_for_the_next(self) -> None:
        assert choose(self.FOLLOW, SERVED, self.OFFER, {7: "slow"}).version == 6

    def test_where_all_are_held_it_is_told(self) -> None:
        choice = choose(self.FOLLOW, SERVED, self.OFFER, {7: "slow", 6: "wrong"})
        assert choice == Choice(
            version=None, reason="v7 has stage: ready and reviewed: yes, which is held (slow)"
        )

    def test_where_none_has_them_it_is_told(self) -> None:
        choice = choose(follow(tag={"stage": "gold"}), SERVED, self.OFFER, {})
        assert choice == Choice(version=None, reason="no newer version has stage: gold")


class TestByMetric:
    LOWER = follow(metric="rmse", better="lower")

    @staticmethod
    def measure(*values: tuple[int, float | None, str]) -> tuple[Measured, ...]:
        return tuple(Measured(version=version, value=value, data=data) for version, value, data in values)

    def offer(self, *values: tuple[int, float | None, str]) -> Market:
        return market(3, 5, 6, 7, 8, measured=self.measure(*values))

    def test_the_best_that_beats_the_best_of_those_that_serve_counts(self) -> None:
        offer = self.offer((3, 0.8, "d"), (5, 0.7, "d"), (6, 0.6, "d"), (7, 0.65, "d"), (8, 0.75, "d"))
        assert choose(self.LOWER, SERVED, offer, {}) == Choice(
            version=6, reason="rmse of v6 is 0.6, that of v5 0.7, on the same evaluation data"
        )

    def test_higher_may_be_better(self) -> None:
        offer = self.offer((3, 0.8, "d"), (5, 0.7, "d"), (6, 0.6, "d"), (7, 0.9, "d"))
        assert choose(follow(metric="r2", better="higher"), SERVED, offer, {}).version == 7

    def test_of_equal_ones_the_newer_counts(self) -> None:
        offer = self.offer((5, 0.7, "d"), (6, 0.6, "d"), (7, 0.6, "d"))
        assert choose(self.LOWER, SERVED, offer, {}).version == 7

    def test_other_data_or_no_value_decides_nothing(self) -> None:
        offer = self.offer((5, 0.7, "d"), (6, 0.1, "e"), (7, None, "d"), (8, 0.1, ""))
        assert choose(self.LOWER, SERVED, offer, {}) == Choice(
            version=None,
            reason="no newer version is better than v5 (rmse 0.7) on the same evaluation data",
        )

    def test_an_equal_value_is_not_better(self) -> None:
        offer = self.offer((5, 0.7, "d"), (6, 0.7, "d"))
        assert choose(self.LOWER, SERVED, offer, {}).version is None

    def test_without_a_value_of_what_serves_none_can_be_better(self) -> None:
        offer = self.offer((3, None, "d"), (5, 0.7, ""), (6, 0.1, "d"))
        assert choose(self.LOWER, SERVED, offer, {}) == Choice(
            version=None,
            reason="no version that is live has rmse with its evaluation data, so none can be better",
        )

    def test_held_ones_are_skipped(self) -> None:
        offer = self.offer((5, 0.7, "d"), (6, 0.6, "d"), (7, 0.5, "d"))
        assert choose(self.LOWER, SERVED, offer, {7: "slow"}).version == 6
        every = {6: "a", 7: "b", 8: "c"}
        assert choose(self.LOWER, SERVED, offer, every).reason == "there is no newer version that is not held"
        assert choose(self.LOWER, SERVED, market(3, 5), {}).reason == "there is no newer version"


class TestHolds:
    @pytest.mark.parametrize(
        ("hold", "found"),
        [
            ({"deployment": "wines", "version": 6}, True),
            ({"deployment": "production/wines", "version": 6}, True),
            ({"deployment": "wines", "version": 6, "until": "2026-11-25"}, True),
            ({"deployment": "wines", "version": 6, "until": "2026-11-20"}, False),
            ({"deployment": "wines", "version": 7}, False),
            ({"deployment": "prices", "version": 6}, False),
        ],
    )
    def test_it_is_found_while_it_is_in_force(self, hold: dict[str, Any], found: bool) -> None:
        exceptions = Exceptions.model_validate({"holds": ({**hold, "reason": "slow"},)})
        assert (find_hold(exceptions, "wines", 6, NOW) is not None) is found


class TestFailures:
    SHARES = (Share(predictor="v5", version="5", shadow=False, percent=100),)

    @staticmethod
    def health(word: HealthWord, since: datetime | None = None) -> Health:
        key = ObjectKey(kind=SELDON_DEPLOYMENT, namespace="wines", name="wines")
        variants = (
            VariantHealth(predictor="v3", word=HealthWord.CURRENT),
            VariantHealth(predictor="v5", word=word),
        )
        return Health(key=key, word=word, since=since, variants=variants)

    @pytest.mark.parametrize(
        ("word", "since", "overdue", "expected"),
        [
            (HealthWord.FAILED, NOW, False, Failing.ROLLBACK),
            (HealthWord.IN_PROGRESS, None, True, Failing.ROLLBACK),
            (HealthWord.IN_PROGRESS, NOW, True, Failing.NOTHING),
            (HealthWord.IN_PROGRESS, None, False, Failing.NOTHING),
            (HealthWord.CURRENT, None, True, Failing.NOTHING),
            (HealthWord.UNKNOWN, None, True, Failing.NOTHING),
        ],
    )
    def test_what_is_past_its_deadline_goes_back(
        self, word: HealthWord, since: datetime | None, overdue: bool, expected: Failing
    ) -> None:
        health = self.health(word, since)
        assert judge_failure(health, self.SHARES, self.SHARES, overdue=overdue) is expected

    @pytest.mark.parametrize("applied", [None, (replace(SHARES[0], percent=90),)])
    def test_what_is_not_applied_yet_waits(self, applied: tuple[Share, ...] | None) -> None:
        health = self.health(HealthWord.FAILED)
        assert judge_failure(health, self.SHARES, applied, overdue=True) is Failing.WAITS

    def test_the_sick_ones_are_named(self) -> None:
        assert list_sick(self.health(HealthWord.FAILED)) == {"v5"}


OURS = Branch(head="1" * 40, facts=FACTS)
THEIRS = Branch(head="2" * 40)


@pytest.mark.parametrize(
    ("wanted", "standing", "expected"),
    [
        pytest.param(None, Standing(), Step.NOTHING, id="nothing is wanted, nothing is there"),
        pytest.param(FACTS, Standing(), Step.OPEN, id="the first proposal"),
        pytest.param(FACTS, Standing(branch=OURS, told=FACTS), Step.KEEP, id="it is open already"),
        pytest.param(OTHER, Standing(branch=OURS, told=FACTS), Step.REPLACE, id="something else is wanted"),
        pytest.param(FACTS, Standing(branch=OURS, told=OTHER), Step.REPLACE, id="pushed, and not told yet"),
        pytest.param(FACTS, Standing(branch=OURS, told=""), Step.REPLACE, id="somebody wrote the text anew"),
        pytest.param(FACTS, Standing(branch=OURS), Step.OPEN, id="pushed, and not opened yet"),
        pytest.param(FACTS, Standing(branch=OURS, was_asked=True), Step.DECLINED, id="somebody closed it"),
        pytest.param(OTHER, Standing(branch=OURS, was_asked=True), Step.OPEN, id="closed, and now another"),
        pytest.param(None, Standing(branch=OURS, told=FACTS), Step.CLOSE, id="nothing is wanted any more"),
        pytest.param(None, Standing(branch=OURS, was_asked=True), Step.NOTHING, id="closed, nothing wanted"),
        pytest.param(FACTS, Standing(branch=THEIRS, told=OTHER), Step.FOREIGN, id="others went on with it"),
        pytest.param(None, Standing(branch=THEIRS, told=OTHER), Step.FOREIGN, id="theirs is not closed"),
        pytest.param(FACTS, Standing(branch=THEIRS), Step.FOREIGN, id="a branch that was never the bot's"),
        pytest.param(None, Standing(branch=THEIRS), Step.NOTHING, id="theirs, and nothing is wanted"),
        pytest.param(
            FACTS, Standing(branch=THEIRS, was_asked=True), Step.OPEN, id="theirs, merged or closed"
        ),
    ],
)
def test_one_pull_request_is_open(wanted: str | None, standing: Standing, expected: Step) -> None:
    assert decide_step(wanted, standing) is expected
