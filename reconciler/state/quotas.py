"""What a namespace may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A ResourceQuota that counts the Pods of models: limits and what is used, as quantities by resource."""

    name: str
    hard: Mapping[str, str]
    used: Mapping[str, str]
