"""The last good set of each deployment: what it can safely go back to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.plan.shares import read_shares
from reconciler.policy.clusters import ClusterView
from reconciler.policy.locations import Unmapped
from reconciler.resolve.artifacts import locate
from reconciler.state.inventory import DIGEST_LENGTH, EARLIER_SETS, GoodSet, InventoryEntry, ObjectResult
from reconciler.state.objects import MODEL_LABEL, SELDON_DEPLOYMENT, Manifest
from reconciler.state.observations import Health, HealthWord
from reconciler.state.plans import Action, Plan
from reconciler.state.repository import ModelEntry

_APPLIED = frozenset({Action.CREATED, Action.CONFIGURED, Action.UNCHANGED})


def renew_good(
    known: tuple[GoodSet, ...],
    plan: Plan,
    *,
    manifests: tuple[Manifest, ...],
    health: tuple[Health, ...],
    results: tuple[ObjectResult, ...],
    entries: tuple[InventoryEntry, ...],
) -> tuple[GoodSet, ...]:
    """The last good sets after a look: a deployment that is Current, and as declared, has one of now.

    As declared is what the plan found unchanged or the run applied, and nothing else: a change that was
    refused or failed leaves something else running well.
    A set keeps the revision at which it first was good, so that nothing is written for nothing. Sets of
    deployments that the target owns no more (none of `entries` is theirs) are dropped.
    """
    owned = {entry.deployment for entry in entries}
    before = {item.deployment: item for item in known if item.deployment in owned}
    current = {item.key for item in health if item.word is HealthWord.CURRENT}
    applied = {result.key for result in results if result.action in _APPLIED}
    good = current & {*plan.unchanged, *applied}
    for manifest in manifests:
        is_served = manifest.key.kind == SELDON_DEPLOYMENT
        if is_served and manifest.key in good and manifest.deployment in owned:
            before[manifest.deployment] = _renew(before.get(manifest.deployment), manifest, plan.revision)
    return tuple(before[name] for name in sorted(before))


def _renew(before: GoodSet | None, manifest: Manifest, revision: str) -> GoodSet:
    digest = manifest.digest.removeprefix("sha256:")[:DIGEST_LENGTH]
    if before is not None and before.digest == digest:
        return before
    labels: Mapping[str, str] = manifest.body["metadata"].get("labels") or {}
    return GoodSet(
        deployment=manifest.deployment,
        model=labels.get(MODEL_LABEL, ""),
        revision=revision,
        digest=digest,
        shares=read_shares(manifest.body),
        earlier=() if before is None else _keep_earlier(before, digest),
    )


def _keep_earlier(before: GoodSet, digest: str) -> tuple[str, ...]:
    known = (before.digest, *(item for item in before.earlier if item != before.digest))
    return tuple(item for item in known if item != digest)[:EARLIER_SETS]


def find_lost(good: GoodSet, models: Mapping[str, ModelEntry], view: ClusterView) -> Iterator[str]:
    """Why the set could not be rendered any more: records that are gone, locations that lead nowhere."""
    model = models.get(good.model)
    for share in good.shares:
        number = share.version.removeprefix("v")
        if not number.isdecimal():
            # A predictor under a name of its own says nothing about versions.
            continue
        file = f"models/{good.model}/versions/{number}.yaml"
        record = model.records.get(int(number)) if model is not None else None
        if record is None:
            faulty = model is not None and int(number) in model.faulty_records
            yield f"{file} {'cannot be read' if faulty else 'is gone'}"
            continue
        located = locate(record.declaration, view)
        if isinstance(located, Unmapped):
            yield f"the cluster cannot read {share.version} any more ({located.reason})"
