"""A real Kubernetes control plane on this machine, without containers. README.md says how to use it."""

from __future__ import annotations

from scripts.local_cluster.api import AdminApi, Answer
from scripts.local_cluster.cluster import LocalCluster
from scripts.local_cluster.errors import ClusterError, PortTaken
from scripts.local_cluster.parts import Part

__all__ = ["AdminApi", "Answer", "ClusterError", "LocalCluster", "Part", "PortTaken"]
