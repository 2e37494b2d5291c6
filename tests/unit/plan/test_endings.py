"""How an object ends that is no longer declared: the most careful word counts, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.apply.entries import settle_entries
from reconciler.plan.planner import compare_manifests
from reconciler.render.digest import digest_manifest
from reconciler.state.inventory import TargetRecord
from reconciler.state.objects import (
    DEPLOYMENT_LABEL,
    DIGEST_ANNOTATION,
    EXTRA_KINDS,
    PRUNE_ANNOTATION,
    LiveObject,
    Manifest,
    ObjectKey,
)
from reconciler.state.plans import Cause, Op, Plan
from tests.support.worlds import (
    NAMESPACE,
    PART_OF,
    World,
    apply,
    get_change,
    make_entry,
    make_manifest,
    serve,
    set_annotation,
    strip_annotation,
)


def end(policy: str, name: str = "wines") -> Manifest:
    """A manifest that declares how it is to end."""
    plain = make_manifest(name)
    metadata = plain.body["metadata"]
    annotations = {**metadata["annotations"], PRUNE_ANNOTATION: policy}
    digest = digest_manifest({**plain.body, "metadata": {**metadata, "annotations": annotations}})
    annotations[DIGEST_ANNOTATION] = digest
    body = {**plain.body, "metadata": {**metadata, "annotations": annotations}}
    return replace(plain, body=body, digest=digest, policy=policy)


def serve_recorded(manifest: Manifest) -> World:
    """Declared, applied, and remembered with its policy."""
    world = serve(manifest)
    return world.enter(replace(make_entry(world.objects[manifest.key], manifest), policy=manifest.policy))


def remove(world: World) -> Plan:
    return world.declare().plan()


class TestKeep:
    @pytest.mark.covers("B17")
    def test_what_was_declared_so_is_kept_and_told(self) -> None:
        plan = remove(serve_recorded(end("keep")))
        assert plan.changes == ()
        assert plan.notes == (
            "production/wines is no longer declared and is kept, "
            + "since modelsync.dev/prune: keep stands on it. "
            + "To let it go, declare it once more with onDelete: prune, sync, and end it then",
        )

    @pytest.mark.covers("B17")
    def test_with_its_annotation_taken_away_the_record_still_knows(self) -> None:
        world = serve_recorded(end("keep")).meddle(
            "wines", lambda live: strip_annotation(live, PRUNE_ANNOTATION)
        )
        plan = remove(world)
        assert plan.changes == ()
        assert "since onDelete: keep was declared last" in plan.notes[0]

    @pytest.mark.covers("B17")
    def test_with_its_record_lost_the_annotation_still_says_it(self) -> None:
        world = replace(serve_recorded(end("keep")), record=TargetRecord(exists=True))
        assert remove(world).changes == ()

    @pytest.mark.covers("B17")
    @pytest.mark.parametrize("word", ["keep", "Keep", "never"])
    def test_an_annotation_by_hand_keeps_what_git_would_prune(self, word: str) -> None:
        world = serve(make_manifest()).meddle(
            "wines", lambda live: set_annotation(live, PRUNE_ANNOTATION, word)
        )
        assert world.plan().changes == ()
        assert remove(world).changes == ()

    def test_a_deployment_that_retires_is_kept_too(self) -> None:
        world = serve(make_manifest()).retire("wines")
        assert get_change(world.plan()).op is Op.DELETE
        kept = replace(world, desired=replace(world.desired, endings={"wines": "keep"}))
        assert kept.plan().changes == ()

    def test_what_was_made_beside_it_stays_with_it(self) -> None:
        kind = next(kind for kind in EXTRA_KINDS if kind.name == "ConfigMap")
        plain = make_manifest("notes", labels={DEPLOYMENT_LABEL: "wines"})
        notes = apply(replace(plain, key=ObjectKey(kind=kind, namespace=NAMESPACE, name="wines-notes")))
        kept = remove(serve_recorded(end("keep")).place(notes))
        assert (kept.changes, len(kept.notes)) == ((), 2)
        assert "production/wines ConfigMap/wines-notes is no longer declared" in kept.notes[0]
        pruned = remove(serve(make_manifest()).place(notes))
        assert {change.key.name for change in pruned.select(Op.DELETE)} == {"wines", "wines-notes"}
        # While its deployment stays, what git does not make any more goes.
        staying = serve_recorded(end("keep")).place(notes).plan()
        assert [change.key.name for change in staying.select(Op.DELETE)] == ["wines-notes"]

    def test_git_may_let_it_go_again(self) -> None:
        world = serve_recorded(end("keep")).declare(make_manifest())
        change = get_change(world.plan())
        assert (change.op, change.cause) == (Op.UPDATE, Cause.REVISION)

    def test_the_offline_plan_says_so_too(self) -> None:
        plan = compare_manifests(
            World().desired, (end("keep"), end("orphan", "prices")), (), "main", "sha256:0"
        )
        wines, prices = get_change(plan), get_change(plan, "prices")
        assert (wines.op, wines.held, wines.orphan) == (Op.SKIP, True, False)
        assert (prices.op, prices.held, prices.orphan) == (Op.DELETE, False, True)


class TestOrphan:
    @pytest.mark.covers("B17")
    def test_it_is_deleted_and_what_was_made_of_it_stays(self) -> None:
        change = get_change(remove(serve_recorded(end("orphan"))))
        assert (change.op, change.cause, change.orphan) == (Op.DELETE, Cause.REMOVAL, True)
        assert change.reason == "what the operator made of it stays and goes on serving (onDelete: orphan)"

    @pytest.mark.parametrize(
        "meddle",
        [
            lambda live: strip_annotation(live, PRUNE_ANNOTATION),
            lambda live: set_annotation(live, PRUNE_ANNOTATION, "prune"),
        ],
    )
    def test_the_more_careful_word_counts(self, meddle: Callable[[LiveObject], LiveObject]) -> None:
        assert get_change(remove(serve_recorded(end("orphan")).meddle("wines", meddle))).orphan
        kept = serve_recorded(end("orphan")).meddle(
            "wines", lambda live: set_annotation(live, PRUNE_ANNOTATION, "keep")
        )
        assert remove(kept).changes == ()

    def test_without_a_word_it_is_pruned(self) -> None:
        assert not get_change(remove(serve(make_manifest()))).orphan


class TestTheInventory:
    def settle(self, world: World) -> tuple[str, ...]:
        entries = settle_entries(
            world.record.entries,
            world.plan(),
            tuple(world.objects.values()),
            part_of=PART_OF,
            manifests=world.manifests,
        )
        return tuple(entry.policy for entry in entries)

    def test_what_is_declared_is_remembered(self) -> None:
        assert self.settle(serve(end("keep"))) == ("keep",)
        assert self.settle(serve(make_manifest())) == ("",)

    def test_it_outlives_the_declaration(self) -> None:
        assert self.settle(serve_recorded(end("keep")).declare()) == ("keep",)

    def test_a_new_word_of_git_replaces_it_once_it_is_applied(self) -> None:
        world = serve_recorded(end("keep")).declare(make_manifest())
        assert self.settle(world) == ("keep",)
        assert self.settle(world.place(apply(make_manifest()))) == ("",)

    def test_a_lost_one_is_read_from_the_object(self) -> None:
        assert self.settle(serve(end("orphan")).lose_record().declare()) == ("orphan",)
