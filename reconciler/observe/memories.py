"""What outlives its declaration: how an object is to end, and which sets were good earlier. Plain values and
back, in lists of their own, so that a record without any of it reads as it always did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.observe.items import decode_key, encode_key
from reconciler.observe.texts import Unreadable, read_text, read_typed
from reconciler.state.inventory import GoodSet, InventoryEntry
from reconciler.state.objects import ObjectKey
from reconciler.state.targets import Target


def encode_policy(entry: InventoryEntry) -> dict[str, Any]:
    """How an object is to end that is not simply pruned."""
    return {**encode_key(entry.key), "policy": entry.policy}


def decode_policy(item: Mapping[str, Any], target: Target) -> tuple[ObjectKey, str]:
    """The policy of `encode_policy`. Raises Unreadable."""
    policy = read_text(item, "policy")
    if policy not in ("keep", "orphan"):
        raise Unreadable
    return decode_key(item, target), policy


def add_policies(
    entries: tuple[InventoryEntry, ...], policies: tuple[tuple[ObjectKey, str], ...]
) -> tuple[InventoryEntry, ...]:
    """The entries with the policies that belong to them."""
    known = dict(policies)
    return tuple(
        replace(entry, policy=known[entry.key]) if entry.key in known else entry for entry in entries
    )


def encode_earlier(item: GoodSet) -> dict[str, Any]:
    """The digests of the sets of a deployment that were good before its last good one."""
    return {"deployment": item.deployment, "digests": list(item.earlier)}


def add_earlier(good: tuple[GoodSet, ...], earlier: tuple[Mapping[str, Any], ...]) -> tuple[GoodSet, ...]:
    """The sets with the digests of `encode_earlier` that belong to them. Raises Unreadable."""
    known = {read_text(item, "deployment"): _read_digests(item) for item in earlier}
    return tuple(
        replace(item, earlier=known[item.deployment]) if item.deployment in known else item for item in good
    )


def _read_digests(item: Mapping[str, Any]) -> tuple[str, ...]:
    digests = read_typed(item, "digests", list)
    if not all(isinstance(digest, str) for digest in digests):
        raise Unreadable
    return tuple(digests)
