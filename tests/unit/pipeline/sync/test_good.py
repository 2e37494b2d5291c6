"""The last good set of each deployment: when it is renewed, and whether it could be served again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.pipeline.sync.good import renew_good
from reconciler.state.inventory import DIGEST_LENGTH, GoodSet, InventoryEntry, ObjectResult
from reconciler.state.observations import Health, HealthWord
from reconciler.state.plans import Action
from reconciler.state.shares import Share
from tests.support.worlds import EARLIER, REVISION, World, make_manifest, serve

WINES = make_manifest("wines", {"v3": 90, "v5": 10}, shadows={"v6-shadow": 100})
BEFORE = GoodSet(
    deployment="wines",
    model="wines",
    revision=EARLIER,
    digest="0" * DIGEST_LENGTH,
    shares=(Share(predictor="v3", version="v3", shadow=False, percent=100),),
)


def _renew(
    world: World,
    *,
    known: tuple[GoodSet, ...] = (),
    word: HealthWord = HealthWord.CURRENT,
    results: Mapping[str, Action] | None = None,
    owned: tuple[str, ...] = ("wines",),
) -> tuple[GoodSet, ...]:
    return renew_good(
        known,
        world.plan(),
        manifests=(WINES,),
        health=(Health(key=WINES.key, word=word),),
        results=tuple(ObjectResult(key=WINES.key, action=action) for action in (results or {}).values()),
        entries=tuple(InventoryEntry(key=replace(WINES.key, name=name), deployment=name) for name in owned),
    )


def test_a_deployment_that_is_current_and_as_declared_has_a_good_set() -> None:
    (good,) = _renew(serve(WINES))

    assert (good.deployment, good.model, good.revision) == ("wines", "wines", REVISION)
    assert WINES.digest.startswith(f"sha256:{good.digest}")
    assert [(share.predictor, share.percent, share.shadow) for share in good.shares] == [
        ("v3", 90, False),
        ("v5", 10, False),
        ("v6-shadow", 100, True),
    ]


def test_the_same_set_keeps_the_revision_at_which_it_was_good_first() -> None:
    (good,) = _renew(serve(WINES))
    older = replace(good, revision=EARLIER)

    assert _renew(serve(WINES), known=(older,)) == (older,)


def test_another_set_takes_its_place_when_it_is_good() -> None:
    (good,) = _renew(serve(WINES), known=(BEFORE,))

    assert good.revision == REVISION


@pytest.mark.parametrize("word", [word for word in HealthWord if word is not HealthWord.CURRENT])
def test_what_is_not_current_keeps_the_set_before_it(word: HealthWord) -> None:
    assert _renew(serve(WINES), known=(BEFORE,), word=word) == (BEFORE,)


@pytest.mark.parametrize("action", [Action.SKIPPED, Action.FAILED])
def test_what_could_not_be_made_as_declared_is_not_what_is_current(action: Action) -> None:
    world = serve(make_manifest("wines", {"v3": 100})).declare(WINES)

    assert _renew(world, known=(BEFORE,), results={"wines": action}) == (BEFORE,)


def test_a_change_that_was_refused_does_not_make_its_set_good() -> None:
    """What is Current then is what ran before, under the same name."""
    world = serve(make_manifest("wines", {"v3": 100})).declare(WINES)

    assert _renew(world, known=(BEFORE,)) == (BEFORE,)


def test_what_was_applied_and_is_ready_at_once_is_good() -> None:
    world = serve(make_manifest("wines", {"v3": 100})).declare(WINES)

    (good,) = _renew(world, known=(BEFORE,), results={"wines": Action.CONFIGURED})
    assert good.revision == REVISION


def test_what_a_run_was_not_asked_about_is_left() -> None:
    world = serve(WINES, make_manifest("prices"))
    plan = replace(world.plan(), unchanged=(make_manifest("prices").key,))
    renewed = renew_good(
        (BEFORE,),
        plan,
        manifests=(WINES,),
        health=(Health(key=WINES.key, word=HealthWord.CURRENT),),
        results=(),
        entries=(InventoryEntry(key=WINES.key, deployment="wines"),),
    )

    assert renewed == (BEFORE,)


def test_a_deployment_that_is_owned_no_more_has_none() -> None:
    gone = replace(BEFORE, deployment="gone")

    assert [item.deployment for item in _renew(serve(WINES), known=(BEFORE, gone))] == ["wines"]
    assert _renew(serve(WINES), known=(BEFORE,), owned=()) == ()
