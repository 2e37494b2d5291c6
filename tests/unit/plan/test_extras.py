"""Organisation manifests in a plan: they belong to their deployment, and may have no generation."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from reconciler.apply.entries import settle_entries, widen_entries
from reconciler.plan.guards import Ancestry, GuardInput, judge
from reconciler.plan.planner import compare_manifests
from reconciler.plan.wording import name_change
from reconciler.render.digest import digest_manifest
from reconciler.state.objects import (
    DEPLOYMENT_LABEL,
    DIGEST_ANNOTATION,
    ENVIRONMENT_LABEL,
    EXTRA_KINDS,
    PART_OF_LABEL,
    LiveObject,
    Manifest,
    ObjectKey,
    is_unedited,
)
from reconciler.state.plans import Cause, Op
from reconciler.state.targets import Desired
from tests.support.worlds import (
    NAMESPACE,
    PART_OF,
    REVISION,
    TARGET,
    World,
    make_entry,
    make_fault,
    make_manifest,
    serve,
)

CONFIG_MAP = EXTRA_KINDS[0]
WINES = make_manifest(shares={"v3": 100})


def make_notes(deployment: str = "wines", text: str = "words") -> Manifest:
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"{deployment}-notes",
            "namespace": NAMESPACE,
            "labels": {
                DEPLOYMENT_LABEL: deployment,
                ENVIRONMENT_LABEL: TARGET.environment,
                PART_OF_LABEL: PART_OF,
            },
            "annotations": {},
        },
        "data": {"text": text},
    }
    digest = digest_manifest(body)
    body["metadata"]["annotations"] = {DIGEST_ANNOTATION: digest}
    key = ObjectKey(kind=CONFIG_MAP, namespace=NAMESPACE, name=f"{deployment}-notes")
    return Manifest(key=key, deployment=deployment, body=body, digest=digest)


def apply_notes(manifest: Manifest, text: str | None = None, *, manager: str = "kubectl-edit") -> LiveObject:
    """What the API server holds: no generation; `text` is what somebody else wrote since."""
    body: dict[str, Any] = copy.deepcopy(dict(manifest.body))
    metadata: dict[str, Any] = {"f:labels": {f"f:{key}": {} for key in body["metadata"]["labels"]}}
    ours: dict[str, Any] = {"f:metadata": metadata}
    entries = [{"manager": TARGET.field_manager, "operation": "Apply", "fieldsV1": ours}]
    if text is None:
        ours["f:data"] = {"f:text": {}}
    else:
        body["data"]["text"] = text
        entries.append({"manager": manager, "operation": "Update", "fieldsV1": {"f:data": {"f:text": {}}}})
    body["metadata"]["managedFields"] = entries
    return LiveObject(
        key=manifest.key,
        uid=f"uid-{manifest.key.name}",
        resource_version="7" if text is None else "8",
        generation=0,
        labels=body["metadata"]["labels"],
        annotations=body["metadata"]["annotations"],
        deleting=False,
        body=body,
    )


def serve_with_notes(*notes: Manifest) -> World:
    """A world in which wines and these are declared, applied and recorded."""
    world = serve(WINES).declare(*notes, WINES)
    for manifest in notes:
        live = apply_notes(manifest)
        world = world.place(live).enter(make_entry(live, manifest))
    return world


NOTES = make_notes()


def test_what_was_applied_needs_nothing() -> None:
    plan = serve_with_notes(NOTES).plan()
    assert plan.changes == ()
    assert plan.unchanged == (NOTES.key, WINES.key)


def test_an_edit_is_seen_without_a_generation() -> None:
    (change,) = serve_with_notes(NOTES).place(apply_notes(NOTES, "others")).plan().changes
    assert (change.op, change.cause, change.deployment) == (Op.UPDATE, Cause.DRIFT, "wines")
    assert [(field.path, field.old, field.new) for field in change.fields] == [
        ("data.text", "others", "words")
    ]
    assert [edit.manager for edit in change.edits] == ["kubectl-edit"]
    assert change.variants == ()


def test_a_change_of_the_template_is_a_change_of_the_revision() -> None:
    (change,) = serve_with_notes(NOTES).declare(make_notes(text="more"), WINES).plan().changes
    assert (change.op, change.cause, change.deployment) == (Op.UPDATE, Cause.REVISION, "wines")
    assert name_change("production", change) == "production/wines ConfigMap/wines-notes"


def test_one_that_is_no_longer_rendered_is_deleted_as_its_deployments() -> None:
    (change,) = serve_with_notes(NOTES).declare(WINES).plan().changes
    assert (change.op, change.cause, change.deployment) == (Op.DELETE, Cause.REMOVAL, "wines")


def test_it_retires_with_its_deployment() -> None:
    plan = serve_with_notes(NOTES).retire("wines").plan()
    assert [(change.key.kind.name, change.op, change.cause) for change in plan.changes] == [
        ("ConfigMap", Op.DELETE, Cause.RETIREMENT),
        ("SeldonDeployment", Op.DELETE, Cause.RETIREMENT),
    ]


@pytest.mark.parametrize("faulty", ["wines", "prices"])
def test_while_a_declaration_is_faulty_it_stays(faulty: str) -> None:
    world = serve_with_notes(NOTES).declare(WINES).fault(faulty)
    (change,) = (change for change in world.plan().changes if change.key == NOTES.key)
    assert (change.op, change.deployment) == (Op.SKIP, "wines")
    assert ("faulty" in change.reason) is (faulty == "wines")


def test_only_takes_it_along() -> None:
    prices = make_manifest("prices", shares={"v1": 100})
    world = serve().declare(make_notes(), make_notes("prices"), WINES, prices).limit("wines")
    assert {str(change.key) for change in world.plan().changes} == {
        "ConfigMap/wines-notes",
        "SeldonDeployment/wines",
    }


def test_a_lost_record_gets_it_back_under_its_deployments_name() -> None:
    world = serve_with_notes(NOTES).lose_record()
    entries = widen_entries((), world.plan(), world.objects.values(), part_of=PART_OF)
    assert {(str(entry.key), entry.deployment) for entry in entries} == {
        ("ConfigMap/wines-notes", "wines"),
        ("SeldonDeployment/wines", "wines"),
    }
    settled = settle_entries(
        (), world.plan(), world.objects.values(), part_of=PART_OF, manifests=world.manifests
    )
    assert {entry.deployment for entry in settled} == {"wines"}


def test_offline_it_is_one_change_more() -> None:
    desired = Desired(target=TARGET, deployments=())
    plan = compare_manifests(desired, (NOTES, WINES), (make_notes(text="more"), WINES), REVISION, "")
    assert [(str(change.key), change.op) for change in plan.changes] == [("ConfigMap/wines-notes", Op.UPDATE)]
    plan = compare_manifests(
        replace(desired, faults=(make_fault("wines"),)), (NOTES, WINES), (), REVISION, ""
    )
    assert plan.changes == ()


def test_without_a_generation_any_write_counts_as_an_edit() -> None:
    live = apply_notes(NOTES)
    assert is_unedited(live, live)
    assert not is_unedited(replace(live, resource_version="9"), live)
    numbered = replace(live, generation=2)
    assert is_unedited(replace(numbered, resource_version="9"), numbered)
    assert not is_unedited(replace(numbered, generation=3), numbered)


def test_a_template_that_goes_is_told_by_the_prune_guard_as_what_it_is() -> None:
    notes = tuple(make_notes(name) for name in ("wines", "prices", "beers"))
    plan = serve_with_notes(*notes).declare(WINES).plan()
    (refusal,) = judge(
        GuardInput(
            plan=plan,
            max_prune=None,
            recorded=4,
            declared=3,
            applied="",
            ancestry=Ancestry.FIRST,
            namespace=None,
            waivers=(),
            now=datetime(2026, 11, 23, tzinfo=timezone.utc),
        )
    )
    assert refusal.rule == "max-prune"
    assert "ConfigMap/wines-notes  made by extras/ for wines" in refusal.message
    assert refusal.objects == ("production/beers", "production/prices", "production/wines")
    assert "retire" not in refusal.advice
