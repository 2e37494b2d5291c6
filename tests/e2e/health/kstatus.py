"""kstatus' generic rule, which Flux and others apply to kinds that they do not know.

Source: kubernetes-sigs/cli-utils, pkg/kstatus/README.md (Reconciling, Stalled, Ready, observedGeneration).
The library itself is asked about the same objects in the test of the engines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def compute_kstatus(body: Mapping[str, Any] | None) -> str:
    """The word for an object, None for one that is not there."""
    if body is None:
        return "NotFound"
    metadata: Mapping[str, Any] = body.get("metadata") or {}
    status: Mapping[str, Any] = body.get("status") or {}
    if metadata.get("deletionTimestamp"):
        return "Terminating"
    observed = status.get("observedGeneration")
    if observed is not None and observed != metadata.get("generation"):
        return "InProgress"
    said = {condition.get("type"): condition.get("status") for condition in status.get("conditions") or ()}
    if said.get("Reconciling") == "True":
        return "InProgress"
    if said.get("Stalled") == "True":
        return "Failed"
    if "Ready" in said and said["Ready"] != "True":
        return "InProgress"
    return "Current"
