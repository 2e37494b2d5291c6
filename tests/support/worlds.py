"""Small worlds to plan in: declare, apply, let somebody meddle, ask for the plan.

A world is a value; each verb returns a changed copy. Managed fields are kept as a real API server keeps
them: an apply owns each leaf that it names, `spec.predictors` is one leaf, and an update takes what it
changes away from everybody else.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from reconciler.plan.planner import PlanInput, make_plan
from reconciler.render.digest import digest_manifest, digest_manifests
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade
from reconciler.state.inventory import InventoryEntry, TargetRecord
from reconciler.state.objects import (
    COMMIT_ANNOTATION,
    DIGEST_ANNOTATION,
    ENVIRONMENT_LABEL,
    MANAGED_BY_LABEL,
    MODEL_LABEL,
    PART_OF_LABEL,
    SELDON_DEPLOYMENT,
    Body,
    LiveObject,
    Manifest,
    ObjectKey,
)
from reconciler.state.observations import Observation
from reconciler.state.plans import Change, Plan
from reconciler.state.targets import Desired, Fault, Target

NAMESPACE = "wines-production"
PART_OF = "applyset-HGvzTuNfxPNzlA6DcPYUqV8lyuPVXnbXHZQyy7X5uQk-v1"
OTHER_SET = "applyset-q7bhaOHH_I2kxcQkKT0xLyGm6Vl5P5lU6vDiGN0hGNM-v1"
TARGET = Target(environment="production", namespace=NAMESPACE)
REVISION = f"main@sha1:{'4be2a91' + '0' * 33}"
EARLIER = f"main@sha1:{'77ad03e' + '0' * 33}"
APPLIED_AT = "2026-11-23T10:00:00Z"
EDITED_AT = "2026-11-23T14:02:00Z"

Shares = Mapping[str, int]


def make_manifest(
    name: str = "wines",
    shares: Shares | None = None,
    *,
    shadows: Shares | None = None,
    target: Target = TARGET,
    part_of: str = PART_OF,
    commit: str = "4be2a91",
    model: str = "",
    protocol: str = "v2",
    labels: Mapping[str, str] | None = None,
    adopt: bool = False,
) -> Manifest:
    """A manifest as the renderer makes it; `shares` maps predictors such as `v5` or `v5-r2` to percents."""
    live = {"v3": 100} if shares is None else shares
    body: dict[str, Any] = {
        "apiVersion": SELDON_DEPLOYMENT.api_version,
        "kind": SELDON_DEPLOYMENT.name,
        "metadata": {
            "name": name,
            "namespace": target.namespace,
            "labels": {
                ENVIRONMENT_LABEL: target.environment,
                MODEL_LABEL: model or name,
                PART_OF_LABEL: part_of,
                MANAGED_BY_LABEL: "modelsync",
                **(labels or {}),
            },
            "annotations": {"modelsync.dev/registered-model": f"{name}-quality"},
        },
        "spec": {
            "protocol": protocol,
            "predictors": [
                *(_make_predictor(predictor, percent) for predictor, percent in live.items()),
                *(
                    {**_make_predictor(predictor, percent), "shadow": True}
                    for predictor, percent in (shadows or {}).items()
                ),
            ],
        },
    }
    digest = digest_manifest(body)
    body["metadata"]["annotations"] |= {COMMIT_ANNOTATION: commit, DIGEST_ANNOTATION: digest}
    key = ObjectKey(kind=SELDON_DEPLOYMENT, namespace=target.namespace, name=name)
    return Manifest(key=key, deployment=name, body=body, digest=digest, adopt=adopt)


def make_fault(deployment: str) -> Fault:
    """A deployment whose file could not be parsed."""
    location = Location(file=f"environments/production/deployments/{deployment}.yaml", line=4, column=3)
    finding = Finding(
        rule="known-keys",
        grade=Grade.HARD,
        location=location,
        message='unknown key "trafic"; did you mean "traffic"?',
    )
    return Fault(deployment=deployment, findings=(finding,))


def apply(
    manifest: Manifest, live: LiveObject | None = None, *, manager: str = TARGET.field_manager, uid: str = ""
) -> LiveObject:
    """What the API server holds after a server-side apply of the manifest, forced over `live` if any."""
    body = copy.deepcopy(dict(manifest.body))
    spec_moved = live is None or live.body["spec"] != body["spec"]
    tree = _tree(_without_identity(body), ())
    others = [] if live is None else _take_away(live, tree, keep=manager)
    body["metadata"]["managedFields"] = [_entry(manager, "Apply", tree, APPLIED_AT), *others]
    return _to_live(
        manifest.key,
        body,
        uid=uid or (live.uid if live else f"uid-{manifest.key.name}"),
        generation=(live.generation if live else 0) + int(spec_moved),
        version=(int(live.resource_version) if live else 100) + 1,
    )


def create_by_hand(manifest: Manifest, *, labels: Mapping[str, str] | None = None) -> LiveObject:
    """The same object made by `kubectl create`: no label of ours but those given, and no field either."""
    body = copy.deepcopy(dict(manifest.body))
    body["metadata"]["labels"] = dict(labels or {})
    body["metadata"]["annotations"] = {}
    body["metadata"]["managedFields"] = [
        _entry("kubectl-create", "Update", _tree(_without_identity(body), ()), EDITED_AT)
    ]
    return _to_live(manifest.key, body, uid=f"uid-of-{manifest.key.name}-by-hand", generation=1, version=300)


def edit(
    live: LiveObject,
    change: Callable[[Any], None],
    *path: str,
    manager: str = "kubectl-edit",
    operation: Literal["Apply", "Update"] = "Update",
) -> LiveObject:
    """The object after `manager` changed its body by `change` and so holds the field at `path`."""
    body = copy.deepcopy(dict(live.body))
    change(body)
    tree = _nest(path)
    others = _take_away(live, tree, keep="")
    if _find(body, path):
        others.append(_entry(manager, operation, tree, EDITED_AT))
    body["metadata"]["managedFields"] = others
    return _to_live(
        live.key,
        body,
        uid=live.uid,
        generation=live.generation + int(body["spec"] != live.body["spec"]),
        version=int(live.resource_version) + 1,
    )


def set_traffic(live: LiveObject, shares: Shares, *, manager: str = "kubectl-edit") -> LiveObject:
    """The object after somebody changed percents by hand."""

    def change(body: Any) -> None:
        for predictor in body["spec"]["predictors"]:
            predictor["traffic"] = shares.get(predictor["name"], predictor["traffic"])

    return edit(live, change, "spec", "predictors", manager=manager)


def set_label(live: LiveObject, key: str, value: str, *, manager: str = "kubectl-label") -> LiveObject:
    """The object after `kubectl label --overwrite`."""

    def change(body: Any) -> None:
        body["metadata"]["labels"][key] = value

    return edit(live, change, "metadata", "labels", key, manager=manager)


def strip_label(live: LiveObject, key: str) -> LiveObject:
    """The object after `kubectl label KEY-`: the field is nobody's now."""

    def change(body: Any) -> None:
        del body["metadata"]["labels"][key]

    return edit(live, change, "metadata", "labels", key)


def set_annotation(
    live: LiveObject, key: str, value: str, *, manager: str = "kubectl-annotate"
) -> LiveObject:
    """The object after `kubectl annotate --overwrite`."""

    def change(body: Any) -> None:
        body["metadata"]["annotations"][key] = value

    return edit(live, change, "metadata", "annotations", key, manager=manager)


def strip_annotation(live: LiveObject, key: str) -> LiveObject:
    """The object after `kubectl annotate KEY-`."""

    def change(body: Any) -> None:
        del body["metadata"]["annotations"][key]

    return edit(live, change, "metadata", "annotations", key)


def write_status(live: LiveObject, state: str = "Available") -> LiveObject:
    """The object after the operator reported on it: a subresource, so no generation moves."""
    body = copy.deepcopy(dict(live.body))
    body["status"] = {"state": state}
    written = _entry("manager", "Update", {"f:status": {"f:state": {}}}, EDITED_AT)
    body["metadata"]["managedFields"] = [
        *body["metadata"]["managedFields"],
        {**written, "subresource": "status"},
    ]
    return _to_live(
        live.key, body, uid=live.uid, generation=live.generation, version=int(live.resource_version) + 1
    )


def delete_with_finalizer(live: LiveObject) -> LiveObject:
    """The object while something still holds it back from going."""
    return replace(live, deleting=True)


def make_entry(live: LiveObject, manifest: Manifest) -> InventoryEntry:
    """The record of an apply that went through."""
    return InventoryEntry(
        key=live.key,
        deployment=manifest.deployment,
        uid=live.uid,
        generation=live.generation,
        digest=manifest.digest,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One target: what git declares, what the cluster holds, what the record says."""

    manifests: tuple[Manifest, ...] = ()
    objects: Mapping[ObjectKey, LiveObject] = field(default_factory=dict)
    record: TargetRecord = field(default_factory=lambda: TargetRecord(exists=True, applied=EARLIER))
    desired: Desired = field(default_factory=lambda: Desired(target=TARGET, deployments=()))
    drift: Literal["heal", "report"] = "heal"
    only: frozenset[str] | None = None

    def declare(self, *manifests: Manifest) -> World:
        """Git says this and nothing else."""
        return replace(self, manifests=manifests)

    def meddle(self, name: str, change: Callable[[LiveObject], LiveObject]) -> World:
        """Somebody changes an object in the cluster."""
        key = ObjectKey(kind=SELDON_DEPLOYMENT, namespace=NAMESPACE, name=name)
        return replace(self, objects={**self.objects, key: change(self.objects[key])})

    def place(self, live: LiveObject) -> World:
        """An object appears in the cluster."""
        return replace(self, objects={**self.objects, live.key: live})

    def take_away(self, name: str) -> World:
        """An object vanishes from the cluster."""
        return replace(self, objects={key: item for key, item in self.objects.items() if key.name != name})

    def lose_record(self) -> World:
        """The ConfigMap is gone."""
        return replace(self, record=TargetRecord())

    def forge_record(self) -> World:
        """The ConfigMap carries another ApplySet's ID; its entries are not to be believed."""
        return replace(self, record=TargetRecord(exists=True, forged=True))

    def enter(self, entry: InventoryEntry) -> World:
        """The record says this of one object."""
        entries = (*(item for item in self.record.entries if item.key != entry.key), entry)
        return replace(self, record=replace(self.record, entries=entries))

    def fault(self, *deployments: str) -> World:
        """These files cannot be read; they have no manifests then."""
        return replace(
            self,
            manifests=tuple(item for item in self.manifests if item.deployment not in deployments),
            desired=replace(self.desired, faults=tuple(make_fault(name) for name in deployments)),
        )

    def retire(self, *deployments: str) -> World:
        """These files say `retire: true`; they have no manifests then."""
        return replace(
            self,
            manifests=tuple(item for item in self.manifests if item.deployment not in deployments),
            desired=replace(self.desired, retired=frozenset(deployments)),
        )

    def retire_all(self) -> World:
        """The environment's file says `retire: true`."""
        return replace(self, manifests=(), desired=replace(self.desired, retire_all=True))

    def report_drift(self) -> World:
        """The environment's file says `drift: report`."""
        return replace(self, drift="report")

    def limit(self, *deployments: str) -> World:
        """`--only` these."""
        return replace(self, only=frozenset(deployments))

    def plan(self) -> Plan:
        """What the planner makes of it."""
        return make_plan(
            PlanInput(
                desired=self.desired,
                manifests=self.manifests,
                observation=Observation(
                    record=self.record, objects=tuple(self.objects.values()), workloads=()
                ),
                revision=REVISION,
                digest=digest_manifests(self.manifests),
                part_of=PART_OF,
                drift=self.drift,
                only=self.only,
            )
        )


def serve(*manifests: Manifest) -> World:
    """A world in which these are declared, applied and recorded: nothing is to be done."""
    objects = {manifest.key: apply(manifest) for manifest in manifests}
    entries = tuple(make_entry(objects[manifest.key], manifest) for manifest in manifests)
    record = TargetRecord(exists=True, applied=EARLIER, attempted=EARLIER, entries=entries)
    return World(manifests=manifests, objects=objects, record=record)


def get_change(plan: Plan, deployment: str = "wines") -> Change:
    """The one change of a deployment."""
    found = [change for change in plan.changes if change.deployment == deployment]
    assert len(found) == 1, f"{len(found)} changes of {deployment}: {found}"
    return found[0]


def _make_predictor(name: str, percent: int) -> dict[str, Any]:
    version = name.removeprefix("v").split("-")[0]
    return {
        "name": name,
        "labels": {"version": version},
        "annotations": {"version": version},
        "traffic": percent,
        "replicas": 2,
        "graph": {
            "name": "wines",
            "type": "MODEL",
            "implementation": "MLFLOW_SERVER",
            "modelUri": f"s3://mlflow/artifacts/1/models/m-{version}/artifacts",
        },
    }


def _to_live(key: ObjectKey, body: dict[str, Any], *, uid: str, generation: int, version: int) -> LiveObject:
    metadata = body["metadata"]
    metadata |= {"uid": uid, "generation": generation, "resourceVersion": str(version)}
    metadata["creationTimestamp"] = APPLIED_AT
    return LiveObject(
        key=key,
        uid=uid,
        resource_version=str(version),
        generation=generation,
        labels=metadata.get("labels") or {},
        annotations=metadata.get("annotations") or {},
        deleting=False,
        body=body,
    )


def _without_identity(body: Body) -> dict[str, Any]:
    metadata = {key: body["metadata"][key] for key in ("labels", "annotations")}
    return {"metadata": metadata, "spec": body["spec"]}


def _tree(value: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    return {
        f"f:{key}": _tree(below, (*path, key)) if isinstance(below, Mapping) and below else {}
        for key, below in value.items()
    }


def _nest(path: tuple[str, ...]) -> dict[str, Any]:
    return {f"f:{path[0]}": _nest(path[1:])} if path else {}


def _entry(manager: str, operation: str, tree: Mapping[str, Any], time: str) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": SELDON_DEPLOYMENT.api_version,
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": tree,
    }


def _take_away(live: LiveObject, tree: Mapping[str, Any], *, keep: str) -> list[dict[str, Any]]:
    """The other managers' entries without what `tree` names; an entry that holds nothing goes."""
    left = []
    for entry in live.body["metadata"]["managedFields"]:
        if entry["manager"] == keep and entry["operation"] == "Apply":
            continue
        rest = entry["fieldsV1"] if entry.get("subresource") else _subtract(entry["fieldsV1"], tree)
        if rest:
            left.append({**entry, "fieldsV1": rest})
    return left


def _subtract(tree: Mapping[str, Any], taken: Mapping[str, Any]) -> dict[str, Any]:
    rest = {}
    for key, below in tree.items():
        if key not in taken:
            rest[key] = below
        elif below and taken[key]:
            kept = _subtract(below, taken[key])
            if kept:
                rest[key] = kept
    return rest


def _find(body: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if key not in body:
            return False
        body = body[key]
    return True
