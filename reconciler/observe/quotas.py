"""The ResourceQuotas of a namespace, as far as they count the Pods that models run in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.clients.cluster.interface import ClusterReader
from reconciler.clients.cluster.kinds import RESOURCE_QUOTA
from reconciler.state.objects import LiveObject
from reconciler.state.quotas import Quota

# Pods of Deployments have no deadline of their own, and ours always ask for something.
_SCOPES_OF_MODELS = frozenset({"NotTerminating", "NotBestEffort"})


def read_quotas(reader: ClusterReader, namespace: str) -> tuple[Quota, ...]:
    """The quotas that bound what can be added. Raises ClusterError, such as RightMissing."""
    found = reader.list(RESOURCE_QUOTA, namespace)
    return tuple(parse_quota(live) for live in found if _counts_models(live))


def parse_quota(live: LiveObject) -> Quota:
    """The quota that the object holds. One that no controller has counted yet uses nothing."""
    status: Mapping[str, Any] = live.body.get("status") or {}
    spec: Mapping[str, Any] = live.body.get("spec") or {}
    return Quota(
        name=live.key.name,
        hard=dict(status.get("hard") or spec.get("hard") or {}),
        used=dict(status.get("used") or {}),
    )


def _counts_models(live: LiveObject) -> bool:
    """One for priority classes or other Pods than ours bounds something else."""
    spec: Mapping[str, Any] = live.body.get("spec") or {}
    scopes = set(spec.get("scopes") or ())
    selected = (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    scopes |= {str(item.get("scopeName")) for item in selected}
    return scopes <= _SCOPES_OF_MODELS
