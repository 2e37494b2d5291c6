"""What leads back to safety is never stopped, and what a person took back is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.plan.freezes import is_restored
from reconciler.plan.holds import list_early
from reconciler.plan.shares import read_shares
from reconciler.state.inventory import DIGEST_LENGTH, EmergencyMark, GoodSet
from reconciler.state.objects import DEPLOYMENT_LABEL, EXTRA_KINDS, Manifest
from reconciler.state.plans import Change, Op
from tests.support.worlds import get_change, make_manifest, serve, set_traffic
from tests.unit.plan.holding import FROZEN, NOW, hold, is_held

WINES = make_manifest(shares={"v3": 100})
SPLIT = make_manifest(shares={"v3": 90, "v5": 10})
PRICES = make_manifest("prices")


def make_good(manifest: Manifest, *earlier: Manifest) -> GoodSet:
    return GoodSet(
        deployment=manifest.deployment,
        model=manifest.deployment,
        revision="main@sha1:77ad03e",
        digest=_shorten(manifest),
        shares=read_shares(manifest.body),
        earlier=tuple(_shorten(item) for item in earlier),
    )


def _shorten(manifest: Manifest) -> str:
    return manifest.digest.removeprefix("sha256:")[:DIGEST_LENGTH]


class TestTheWayBack:
    """From v3 50, v5 30, v6 20 with a shadow v9, in a freeze."""

    LIVE = make_manifest(shares={"v3": 50, "v5": 30, "v6": 20}, shadows={"v9": 100})

    def change(self, wanted: Manifest, *good: GoodSet) -> Change:
        return get_change(hold(serve(self.LIVE).declare(wanted).plan(), FROZEN, good=good))

    @pytest.mark.covers("B31", "T26")
    @pytest.mark.parametrize(
        "shares",
        [
            {"v3": 70, "v5": 30},
            {"v3": 50, "v5": 50},
            {"v3": 60, "v5": 40},
            {"v5": 80, "v6": 20},
            {"v3": 70, "v5": 20, "v6": 10},
            {"v3": 100, "v5": 0, "v6": 0},
        ],
    )
    def test_taking_variants_out_and_lowering_challengers_is_never_stopped(
        self, shares: dict[str, int]
    ) -> None:
        for shadows in ({"v9": 100}, {"v9": 10}, {}):
            assert self.change(make_manifest(shares=shares, shadows=shadows)).op is Op.UPDATE

    @pytest.mark.parametrize(
        ("shares", "shadows"),
        [
            ({"v3": 40, "v5": 40, "v6": 20}, {"v9": 100}),
            ({"v3": 20, "v5": 80}, {"v9": 100}),
            ({"v3": 50, "v5": 30, "v7": 20}, {"v9": 100}),
            ({"v5": 30, "v3": 20, "v6": 50}, {"v9": 100}),
            ({"v3": 50, "v5": 30, "v6": 20}, {"v9": 100, "v10": 5}),
        ],
    )
    def test_raising_a_challenger_or_bringing_one_waits(
        self, shares: dict[str, int], shadows: dict[str, int]
    ) -> None:
        change = self.change(make_manifest(shares=shares, shadows=shadows))
        assert (change.op, change.held) == (Op.SKIP, True)

    def test_a_raised_shadow_waits(self) -> None:
        live = make_manifest(shadows={"v9": 10})
        plan = serve(live).declare(make_manifest(shadows={"v9": 100})).plan()
        assert is_held(hold(plan, FROZEN))

    def test_taking_out_and_touching_what_stays_waits(self) -> None:
        for wanted in (
            make_manifest(shares={"v3": 70, "v5": 30}, protocol="seldon"),
            make_manifest(shares={"v3": 70, "v5": 30}, labels={"team": "wine"}),
        ):
            assert self.change(wanted).op is Op.SKIP

    @pytest.mark.covers("B31")
    def test_a_set_that_served_before_comes_back(self) -> None:
        last, first = make_manifest(shares={"v2": 100}), make_manifest(shares={"v1": 100})
        good = make_good(last, first)
        assert self.change(last, good).op is Op.UPDATE
        assert self.change(first, good).op is Op.UPDATE

    def test_versions_that_served_with_other_shares_or_pods_are_no_such_set(self) -> None:
        good = make_good(make_manifest(shares={"v1": 50, "v2": 50}))
        assert self.change(make_manifest(shares={"v1": 40, "v2": 60}), good).op is Op.SKIP
        assert self.change(make_manifest(shares={"v1": 50, "v2": 50}, protocol="seldon"), good).op is Op.SKIP

    def test_what_is_made_beside_a_deployment_goes_with_it(self) -> None:
        kind = next(kind for kind in EXTRA_KINDS if kind.name == "ConfigMap")

        def make_notes(text: str) -> Manifest:
            plain = make_manifest("notes", labels={DEPLOYMENT_LABEL: "wines", "text": text})
            return replace(plain, key=replace(plain.key, kind=kind), deployment="wines")

        world = serve(self.LIVE, make_notes("old"))
        alone = hold(world.declare(self.LIVE, make_notes("new")).plan(), FROZEN)
        assert [change.op for change in alone.changes] == [Op.SKIP]
        lowered = make_manifest(shares={"v3": 70, "v5": 30})
        together = hold(world.declare(lowered, make_notes("new")).plan(), FROZEN)
        assert [change.op for change in together.changes] == [Op.UPDATE, Op.UPDATE]

    def test_a_removal_is_no_way_back(self) -> None:
        plan = serve(self.LIVE).declare().plan()
        assert not is_restored(get_change(plan), (make_good(self.LIVE),))

    def test_a_set_of_another_deployment_is_none(self) -> None:
        wanted = make_manifest(shares={"v1": 100})
        assert self.change(wanted, replace(make_good(wanted), deployment="prices")).op is Op.SKIP


class TestEmergencies:
    MARK = EmergencyMark(
        deployment="wines",
        by="jane",
        reason="v5 answers nonsense",
        since=NOW - timedelta(hours=1),
        until=NOW + timedelta(hours=1),
        shares=read_shares(WINES.body),
    )

    @pytest.mark.covers("T23")
    def test_what_a_person_took_back_is_left_alone(self) -> None:
        back = serve(SPLIT).meddle("wines", lambda live: set_traffic(live, {"v3": 100, "v5": 0}))
        change = get_change(hold(back.plan(), marks=(self.MARK,)))
        assert (change.op, change.held) == (Op.SKIP, True)
        assert change.reason == (
            "was taken back in an emergency by jane until 2026-11-23 13:00 UTC (v5 answers nonsense), "
            "so sync leaves it alone"
        )

    def test_others_go_on_and_so_does_it_once_the_time_is_over(self) -> None:
        plan = serve(WINES).declare(SPLIT, PRICES).plan()
        assert get_change(hold(plan, marks=(self.MARK,)), "prices").op is Op.CREATE
        assert hold(plan, marks=(self.MARK,), now=self.MARK.until) == plan

    @pytest.mark.covers("T23", "T13")
    def test_a_mark_that_a_clock_set_which_is_ahead_does_not_hold(self) -> None:
        """It would hold until its own time has come, and that may be a year."""
        plan = serve(WINES).declare(SPLIT).plan()
        year = timedelta(days=365)
        ahead = replace(self.MARK, since=NOW + year, until=NOW + year + timedelta(hours=4))
        assert hold(plan, marks=(ahead,)) == plan
        (note,) = list_early((ahead, self.MARK), "production", NOW)
        assert note.startswith("production/wines: the emergency of jane (v5 answers nonsense) would begin")

    def test_clocks_may_disagree_by_five_minutes(self) -> None:
        plan = serve(WINES).declare(SPLIT).plan()
        soon = replace(self.MARK, since=NOW + timedelta(minutes=5))
        assert get_change(hold(plan, marks=(soon,))).op is Op.SKIP
        assert list_early((soon,), "production", NOW) == ()

    @pytest.mark.covers("T23")
    def test_git_that_has_the_same_shares_and_other_pods_is_not(self) -> None:
        plan = serve(WINES).declare(make_manifest(shares={"v3": 100}, protocol="seldon")).plan()
        assert [field.path for field in get_change(plan).fields] == ["spec.protocol"]
        assert get_change(hold(plan, marks=(self.MARK,))).op is Op.SKIP

    def test_git_that_says_the_same_is_applied(self) -> None:
        plan = serve(SPLIT).declare(WINES).plan()
        assert hold(plan, marks=(self.MARK,)) == plan
