"""How the inventory widens before the first write, and shrinks only by proven absence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.apply.entries import settle_entries, widen_entries
from reconciler.state.inventory import InventoryEntry
from reconciler.state.objects import LiveObject, Manifest
from reconciler.state.plans import Cause, Op, Plan
from tests.support.worlds import (
    PART_OF,
    World,
    apply,
    create_by_hand,
    make_entry,
    make_manifest,
    serve,
    set_traffic,
)

WINES = make_manifest("wines")
PRICES = make_manifest("prices")


def settle(
    world: World,
    plan: Plan | None = None,
    *applied: LiveObject,
    manifests: tuple[Manifest, ...] | None = None,
) -> tuple[InventoryEntry, ...]:
    return settle_entries(
        world.record.entries,
        plan or world.plan(),
        tuple(world.objects.values()),
        part_of=PART_OF,
        manifests=world.manifests if manifests is None else manifests,
        applied={live.key: live for live in applied},
    )


def widen(world: World) -> tuple[InventoryEntry, ...]:
    objects = tuple(world.objects.values())
    return widen_entries(world.record.entries, world.plan(), objects, part_of=PART_OF)


def names(entries: tuple[InventoryEntry, ...]) -> list[str]:
    return [entry.key.name for entry in entries]


class TestWidening:
    @pytest.mark.covers("B7", "S4")
    def test_what_is_about_to_be_made_is_ours_before_it_exists(self) -> None:
        entries = widen(serve(WINES).declare(WINES, PRICES))

        assert names(entries) == ["prices", "wines"]
        assert entries[0].uid == ""

    @pytest.mark.covers("B7")
    def test_what_is_about_to_go_stays(self) -> None:
        assert names(widen(serve(WINES, PRICES).declare(WINES))) == ["prices", "wines"]

    def test_an_entry_of_an_object_that_will_change_keeps_what_is_known_of_it(self) -> None:
        world = serve(WINES).declare(make_manifest("wines", {"v3": 90, "v5": 10}))

        assert widen(world) == world.record.entries

    @pytest.mark.covers("T1")
    def test_members_that_the_record_forgot_come_back_by_their_label(self) -> None:
        assert names(widen(serve(WINES, PRICES).lose_record())) == ["prices", "wines"]

    def test_objects_of_others_do_not(self) -> None:
        world = serve(WINES).place(create_by_hand(PRICES))

        assert names(widen(world)) == ["wines"]

    def test_an_adopted_object_is_remembered_as_such(self) -> None:
        adopting = make_manifest("prices", adopt=True)
        world = serve(WINES).declare(WINES, adopting).place(create_by_hand(PRICES))

        assert [entry.adopted for entry in widen(world)] == [True, False]


class TestSettling:
    def test_nothing_to_do_leaves_the_entries_as_they_are(self) -> None:
        world = serve(PRICES, WINES)

        assert settle(world) == world.record.entries

    def test_an_applied_object_is_known_by_uid_generation_and_digest(self) -> None:
        changed = make_manifest("wines", {"v3": 90, "v5": 10})
        world = serve(WINES).declare(changed)
        live = apply(changed, world.objects[WINES.key])

        assert settle(world, None, live) == (make_entry(live, changed),)
        assert live.generation == 2

    def test_an_object_whose_apply_failed_keeps_what_was_known(self) -> None:
        world = serve(WINES).declare(make_manifest("wines", {"v3": 90, "v5": 10}))

        assert settle(world) == world.record.entries

    def test_an_object_that_could_not_be_made_stays_recorded(self) -> None:
        world = serve(WINES).declare(WINES, PRICES)

        assert names(settle(world)) == ["prices", "wines"]

    @pytest.mark.covers("S10")
    @pytest.mark.covers("B16", "T2")
    def test_a_pruned_object_leaves_when_a_complete_list_lacks_it(self) -> None:
        world = serve(WINES, PRICES).declare(WINES)

        assert names(settle(world)) == ["prices", "wines"]
        assert names(settle(world.take_away("prices"), world.plan())) == ["wines"]

    def test_an_object_deleted_by_hand_and_removed_from_git_leaves(self) -> None:
        assert names(settle(serve(WINES, PRICES).declare(WINES).take_away("prices"))) == ["wines"]

    def test_another_object_of_a_pruned_name_is_not_ours(self) -> None:
        anew = create_by_hand(PRICES)
        world = serve(WINES, PRICES).declare(WINES).place(anew)

        assert names(settle(world)) == ["wines"]

    @pytest.mark.covers("T2")
    def test_an_object_that_lost_its_label_is_still_recorded(self) -> None:
        world = serve(WINES, PRICES).declare(WINES)
        stripped = world.meddle("prices", lambda live: replace(live, labels={}))

        assert names(settle(stripped)) == ["prices", "wines"]

    def test_what_a_killed_run_applied_is_taken_into_the_record_by_the_next(self) -> None:
        changed = make_manifest("wines", {"v3": 90, "v5": 10})
        applied = apply(changed, serve(WINES).objects[WINES.key])
        world = serve(WINES).declare(changed).place(applied)

        assert world.plan().unchanged == (WINES.key,)
        assert settle(world) == (make_entry(applied, changed),)

    def test_a_generation_that_others_moved_is_noted_so_that_the_next_look_is_quick(self) -> None:
        world = serve(WINES).meddle("wines", lambda live: replace(live, generation=5))

        assert settle(world)[0].generation == 5

    def test_a_change_that_is_left_alone_is_not_taken_for_ours(self) -> None:
        world = serve(WINES).report_drift().meddle("wines", lambda live: set_traffic(live, {"v3": 50}))

        assert world.plan().select(Op.SKIP)[0].cause is Cause.DRIFT
        assert settle(world) == world.record.entries

    def test_a_limited_run_forgets_nothing_of_the_rest(self) -> None:
        world = serve(WINES, PRICES).limit("wines").take_away("prices")

        assert names(settle(world)) == ["prices", "wines"]
