"""The manifest of the last good set, kept where something else is applied or about to be."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

from reconciler.pipeline.sync.bodies import find_applied, keep_before, keep_bodies, read_applied
from reconciler.render.digest import digest_manifest
from reconciler.state.inventory import DIGEST_LENGTH, GoodSet, ObjectResult
from reconciler.state.objects import COMMIT_ANNOTATION, LiveObject, Manifest, ObjectKey
from reconciler.state.packing import pack
from reconciler.state.plans import Action
from tests.support.worlds import EARLIER, TARGET, World, apply, edit, make_manifest, serve

OLD = make_manifest("wines", {"v3": 100}, shadows={"v5-shadow": 100}, commit="77ad03e")
NEW = make_manifest("wines", {"v3": 90, "v5": 10})
OTHER = make_manifest("prices")


def make_good(manifest: Manifest, body: str = "") -> GoodSet:
    return GoodSet(
        deployment=manifest.deployment,
        model="wines",
        revision=EARLIER,
        digest=manifest.digest.removeprefix("sha256:")[:DIGEST_LENGTH],
        shares=(),
        body=body,
    )


def keep(world: World, *good: GoodSet, applied: frozenset[ObjectKey] | None = None) -> tuple[GoodSet, ...]:
    plan = world.plan()
    done = frozenset(plan.unchanged) if applied is None else applied
    return keep_bodies(good, plan, manifests=world.manifests, applied=done)


def body_of(*good: GoodSet) -> Any:
    (item,) = good
    return json.loads(item.body) if item.body else None


def test_a_set_that_is_applied_needs_no_body() -> None:
    assert body_of(*keep(serve(OLD), make_good(OLD))) is None
    assert body_of(*keep(serve(OLD), make_good(OLD, body="{}"))) is None


def test_before_another_set_is_applied_the_body_is_read_from_the_object_that_it_made() -> None:
    body = body_of(*keep(serve(OLD).declare(NEW), make_good(OLD)))

    assert body == OLD.body
    assert digest_manifest(body) == OLD.digest


def test_after_it_is_applied_the_body_stays() -> None:
    world = serve(OLD).declare(NEW)
    good = keep(world, make_good(OLD))
    applied = find_applied((ObjectResult(key=NEW.key, action=Action.CONFIGURED),))

    assert keep(world, *good, applied=applied) == good
    assert keep(serve(NEW), *good) == good


def test_once_the_new_set_is_the_good_one_its_body_is_not_needed() -> None:
    assert body_of(*keep(serve(NEW), make_good(NEW, body="{}"))) is None


def test_a_declared_set_that_someone_edited_has_the_declared_body() -> None:
    world = serve(OLD).meddle("wines", edit_traffic)

    assert body_of(*keep(world, make_good(OLD))) == OLD.body
    assert body_of(*keep(world.report_drift(), make_good(OLD))) == OLD.body


def edit_traffic(live: LiveObject) -> LiveObject:
    def change(body: Any) -> None:
        body["spec"]["predictors"][0]["traffic"] = 1

    return edit(live, change, "spec", "predictors")


def test_what_someone_edited_before_it_was_replaced_is_not_believed() -> None:
    world = serve(OLD).meddle("wines", edit_traffic).declare(NEW)

    assert body_of(*keep(world, make_good(OLD))) is None


def test_what_others_wrote_beside_us_is_not_in_it() -> None:
    def annotate(live: LiveObject) -> LiveObject:
        def change(body: Any) -> None:
            body["metadata"]["annotations"]["team/note"] = "hello"
            body["status"] = {"state": "Available"}

        return edit(live, change, "metadata", "annotations", "team/note")

    world = serve(OLD).meddle("wines", annotate).declare(NEW)

    assert body_of(*keep(world, make_good(OLD))) == OLD.body


def test_an_object_that_is_gone_leaves_no_body() -> None:
    assert body_of(*keep(serve(OLD).take_away("wines").declare(NEW), make_good(OLD))) is None


def test_deployments_that_the_plan_does_not_touch_keep_what_they_have() -> None:
    world = serve(OLD, OTHER).limit("prices")
    known = make_good(OLD, body='{"kept":true}')

    assert keep(world, known) == (known,)


def test_a_set_of_an_unknown_digest_has_no_body() -> None:
    assert body_of(*keep(serve(OLD).declare(NEW), replace(make_good(OLD), digest=""))) is None


def test_only_what_is_done_counts_as_applied() -> None:
    results = tuple(ObjectResult(key=replace(OLD.key, name=action.value), action=action) for action in Action)

    assert {key.name for key in find_applied(results)} == {"created", "configured", "unchanged"}


class TestTheSetBefore:
    """What to go back to where the last good set is what is applied, and is not good at all."""

    def test_the_old_set_stays_with_its_body_when_another_becomes_the_good_one(self) -> None:
        old, new = make_good(OLD, body="{}"), make_good(NEW)

        assert keep_before((), (old,), (new,)) == (old,)
        assert keep_before((old,), (new,), (new,)) == (old,)

    def test_a_set_without_a_body_takes_no_place(self) -> None:
        old, new, known = make_good(OLD), make_good(NEW), make_good(OTHER, body="{}")
        known = replace(known, deployment="wines")

        assert keep_before((), (old,), (new,)) == ()
        assert keep_before((known,), (old,), (new,)) == (known,)

    def test_it_never_is_the_good_set_itself(self) -> None:
        old, new = make_good(OLD, body="{}"), make_good(NEW, body="{}")

        assert keep_before((old,), (new,), (old,)) == (new,)
        assert keep_before((new,), (replace(old, body=""),), (new,)) == ()

    def test_it_goes_with_its_deployment(self) -> None:
        assert keep_before((make_good(OLD, body="{}"),), (), ()) == ()


class TestReadingWhatWasApplied:
    def test_another_manager_applied_nothing_of_it(self) -> None:
        body = read_applied(apply(OLD), "modelsync-staging")

        assert set(body) == {"apiVersion", "kind", "metadata"}
        assert body["metadata"] == {"name": "wines", "namespace": TARGET.namespace}

    def test_fields_that_are_gone_and_lists_by_key_are_passed_over(self) -> None:
        live = apply(OLD)
        body = copy.deepcopy(dict(live.body))
        (entry,) = body["metadata"]["managedFields"]
        entry["fieldsV1"]["f:spec"] |= {"f:gone": {}, "k:{}": {}, ".": {}}

        read = read_applied(replace(live, body=body), TARGET.field_manager)

        assert read["spec"] == OLD.body["spec"]
        assert read["metadata"]["annotations"][COMMIT_ANNOTATION] == "77ad03e"


def test_bodies_that_are_kept_small_are_kept_as_well() -> None:
    packed = replace(OLD, body=pack(OLD.body))
    world = serve(OLD).declare(packed).meddle("wines", edit_traffic)

    assert body_of(*keep(world, make_good(OLD))) == OLD.body
