"""What a record says that keeps runs from acting: back-off, marks of people, what was taken back; and the
bodies of good sets that one could go back to. Plain values and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.observe.items import decode_good, decode_key, decode_shares, encode_key, encode_shares
from reconciler.observe.texts import read_moment, read_text, read_typed, write_time
from reconciler.state.inventory import LONGEST_EMERGENCY, BackOff, EmergencyMark, GoodSet, Reversal
from reconciler.state.targets import Target


def encode_backoff(item: BackOff) -> dict[str, Any]:
    """A revision that waits."""
    return {
        "revision": item.revision,
        "failures": item.failures,
        "until": write_time(item.until),
        "reason": item.reason,
    }


def decode_backoff(item: Mapping[str, Any]) -> BackOff:
    """The back-off of `encode_backoff`. Raises Unreadable."""
    return BackOff(
        revision=read_text(item, "revision"),
        failures=read_typed(item, "failures", int),
        until=read_moment(item.get("until")),
        reason=read_text(item, "reason"),
    )


def encode_mark(item: EmergencyMark) -> dict[str, Any]:
    """What a person took back without git."""
    return {
        "deployment": item.deployment,
        "by": item.by,
        "reason": item.reason,
        "since": write_time(item.since),
        "until": write_time(item.until),
        "shares": encode_shares(item.shares),
    }


def decode_mark(item: Mapping[str, Any]) -> EmergencyMark:
    """The mark of `encode_mark`, which ends in time whatever is written there. Raises Unreadable."""
    since, until = read_moment(item.get("since")), read_moment(item.get("until"))
    return EmergencyMark(
        deployment=read_text(item, "deployment"),
        by=read_text(item, "by"),
        reason=read_text(item, "reason"),
        since=since,
        until=since + LONGEST_EMERGENCY if until - since > LONGEST_EMERGENCY else until,
        shares=decode_shares(item),
    )


def encode_reversal(item: Reversal) -> dict[str, Any]:
    """What was taken back from one field manager, and when."""
    times = [write_time(time) for time in item.times]
    return {**encode_key(item.key), "manager": item.manager, "times": times}


def decode_reversal(item: Mapping[str, Any], target: Target) -> Reversal:
    """The reversal of `encode_reversal`. Raises Unreadable."""
    return Reversal(
        key=decode_key(item, target),
        manager=read_text(item, "manager"),
        times=tuple(read_moment(time) for time in read_typed(item, "times", list)),
    )


def encode_body(item: GoodSet) -> dict[str, Any]:
    """The manifest of a good set."""
    return {"deployment": item.deployment, "body": item.body}


def add_bodies(good: tuple[GoodSet, ...], bodies: tuple[Mapping[str, Any], ...]) -> tuple[GoodSet, ...]:
    """The sets with the manifests of `encode_body` that belong to them. Raises Unreadable."""
    known = {read_text(item, "deployment"): read_text(item, "body") for item in bodies}
    return tuple(replace(item, body=known.get(item.deployment, "")) for item in good)


def decode_before(item: Mapping[str, Any]) -> GoodSet:
    """A good set with its manifest. Raises Unreadable."""
    return replace(decode_good(item), body=read_text(item, "body"))
