"""Health of what is served: of each SeldonDeployment, and of each of its variants. Pure."""

from __future__ import annotations

from reconciler.apply.health.oracle import assess, assess_all

__all__ = ["assess", "assess_all"]
