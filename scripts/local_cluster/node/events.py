"""Events about Pods, as `kubectl describe` and `modelsync status` show them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.local_cluster.node.client import MERGE, Client, Refused, persist
from scripts.local_cluster.node.moments import now, seconds

COMPONENT = "local-node"
NORMAL, WARNING = "Normal", "Warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a Pod, or to one of its containers (`field`: `spec.containers{wines}`)."""

    kind: str
    reason: str
    message: str
    field: str = ""


class Recorder:
    """Writes events one after the other; the same one again raises its count."""

    def __init__(self, client: Client, node: str) -> None:
        self._client = client
        self._node = node
        self._queue: asyncio.Queue[tuple[Mapping[str, Any], Event]] = asyncio.Queue()
        self._written: dict[tuple[str, Event], tuple[str, int]] = {}
        self._numbers = itertools.count(1)

    def record(self, pod: Mapping[str, Any], event: Event) -> None:
        """Have an event about a Pod written soon."""
        self._queue.put_nowait((pod, event))

    async def run(self) -> None:
        """Write what is recorded, for ever."""
        while True:
            pod, event = await self._queue.get()
            try:
                await self._write(pod, event)
            except Refused as error:
                # A namespace that is going takes no events, and nothing depends on one.
                print(f"event {event.reason} of {pod['metadata']['name']}: {error}", flush=True)

    async def _write(self, pod: Mapping[str, Any], event: Event) -> None:
        metadata = pod["metadata"]
        events = f"/api/v1/namespaces/{metadata['namespace']}/events"
        moment = seconds(now())
        key = (metadata["uid"], event)
        name, count = self._written.get(key, ("", 0))
        if name:
            try:
                await persist(
                    self._client,
                    "PATCH",
                    f"{events}/{name}",
                    {"count": count + 1, "lastTimestamp": moment},
                    content_type=MERGE,
                )
                self._written[key] = (name, count + 1)
                return
            except Refused as error:
                if error.status != 404:
                    raise
        name = f"{metadata['name'][:200]}.{metadata['uid'][:8]}-{now().timestamp():.0f}-{next(self._numbers)}"
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": metadata["namespace"]},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Pod",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
                **({"fieldPath": event.field} if event.field else {}),
            },
            "type": event.kind,
            "reason": event.reason,
            "message": event.message[:1024],
            "source": {"component": COMPONENT, "host": self._node},
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "count": 1,
        }
        await persist(self._client, "POST", events, body)
        self._written[key] = (name, 1)
