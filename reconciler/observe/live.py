"""What is in the cluster: a fixed number of requests for a target, whatever the number of its objects."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.clients.cluster.interface import ClusterReader, KindMissing
from reconciler.clients.cluster.kinds import CONFIG_MAP, DEPLOYMENT
from reconciler.observe.inventory import decode_record
from reconciler.render.applyset import parent_name
from reconciler.state.objects import EXTRA_KINDS, SELDON_DEPLOYMENT, Kind, LiveObject, Manifest
from reconciler.state.observations import Namespace, Observation
from reconciler.state.targets import Target

# The operator puts this label on every Deployment that it makes (reference: seldon-core operator,
# createDeployments), so Deployments of others are not even sent.
WORKLOAD_SELECTOR = "seldon-deployment-id"


def observe(
    reader: ClusterReader,
    target: Target,
    *,
    namespace: Namespace | None = None,
    manifests: Iterable[Manifest] = (),
    allowed: Iterable[str] = (),
) -> Observation:
    """The target's record, all SeldonDeployments of its namespace, and the operator's Deployments there.

    Three requests while each list fits one page, and one more for each other kind of which the record holds
    an object or the desired `manifests` have one. Where no record tells what was made, the kinds that are
    `allowed` to templates are looked through too. `namespace`, where it was read, lets a record that was
    carried over from another cluster or an earlier namespace of that name be told as forged.
    Raises ClusterError; nothing is ever concluded from a part of a list.
    """
    parent = reader.get(CONFIG_MAP, target.namespace, parent_name(target.environment))
    record = decode_record(parent, target, namespace_uid=namespace.uid if namespace else "")
    kinds = {entry.key.kind for entry in record.entries} | {manifest.key.kind for manifest in manifests}
    kinds.add(SELDON_DEPLOYMENT)
    found = [live for kind in sorted(kinds) for live in reader.list(kind, target.namespace)]
    if record.forged or not record.exists:
        names = frozenset(allowed)
        possible = (kind for kind in EXTRA_KINDS if kind.name in names and kind not in kinds)
        found += (live for kind in possible for live in _list_if_known(reader, kind, target.namespace))
    return Observation(
        record=record,
        # The record is no object of ours among others, and a plan must never see it.
        objects=tuple(live for live in found if parent is None or live.uid != parent.uid),
        workloads=reader.list(DEPLOYMENT, target.namespace, label_selector=WORKLOAD_SELECTOR),
    )


def _list_if_known(reader: ClusterReader, kind: Kind, namespace: str) -> tuple[LiveObject, ...]:
    """A kind that the API server does not have holds nothing; that matters only where it is wanted."""
    try:
        return reader.list(kind, namespace)
    except KindMissing:
        return ()
