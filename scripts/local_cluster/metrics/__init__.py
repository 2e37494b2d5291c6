"""The part that measures: Prometheus, which finds the Pods by itself."""

from scripts.local_cluster.metrics.part import start_part

__all__ = ["start_part"]
