"""The node that serves: it runs Pods as plain processes, each on a loopback address of its own.

It stands for a kubelet in the local cluster, and only there. What it plays and what it does not: README.md.
"""

from __future__ import annotations

from scripts.local_cluster.node.part import NAME, start_part

__all__ = ["NAME", "start_part"]
