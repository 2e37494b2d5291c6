"""What is in the cluster: a fixed number of requests for a target, whatever the number of its objects."""

from __future__ import annotations

from reconciler.clients.cluster.interface import ClusterReader
from reconciler.clients.cluster.kinds import CONFIG_MAP, DEPLOYMENT
from reconciler.observe.inventory import decode_record
from reconciler.render.applyset import parent_name
from reconciler.state.objects import SELDON_DEPLOYMENT
from reconciler.state.observations import Namespace, Observation
from reconciler.state.targets import Target

# The operator puts this label on every Deployment that it makes (reference: seldon-core operator,
# createDeployments), so Deployments of others are not even sent.
WORKLOAD_SELECTOR = "seldon-deployment-id"


def observe(reader: ClusterReader, target: Target, *, namespace: Namespace | None = None) -> Observation:
    """The target's record, all SeldonDeployments of its namespace, and the operator's Deployments there.

    Three requests while each list fits one page. `namespace`, where it was read, lets a record that
    was carried over from another cluster or an earlier namespace of that name be told as forged.
    Raises ClusterError; nothing is ever concluded from a part of a list.
    """
    parent = reader.get(CONFIG_MAP, target.namespace, parent_name(target.environment))
    return Observation(
        record=decode_record(parent, target, namespace_uid=namespace.uid if namespace else ""),
        objects=reader.list(SELDON_DEPLOYMENT, target.namespace),
        workloads=reader.list(DEPLOYMENT, target.namespace, label_selector=WORKLOAD_SELECTOR),
    )
