"""The part that takes requests in: istiod, and one Envoy that it drives as the ingress gateway."""

from scripts.local_cluster.gateway.part import start_part

__all__ = ["start_part"]
