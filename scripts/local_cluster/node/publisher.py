"""Telling the cluster how a Pod is: its status, and its endpoint while it is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from scripts.local_cluster.node.client import STRATEGIC, Refused, Unreachable, persist
from scripts.local_cluster.node.container import Container
from scripts.local_cluster.node.moments import now, seconds
from scripts.local_cluster.node.services import Services
from scripts.local_cluster.node.status import is_ready, pod_status
from scripts.local_cluster.node.workload_entries import add_entry, remove_entry

_GONE = (404, 409)


class Publisher:
    """Writes one Pod's status whenever it changed, always the newest.

    The endpoint comes before the status that says ready, and goes before the status that says unready: who
    acts on readiness finds it usable.
    """

    def __init__(self, pod: Mapping[str, Any], address: str, services: Services) -> None:
        self._pod = pod
        self._address = address
        self._services = services
        self._initial: Sequence[Container] = ()
        self._main: Sequence[Container] = ()
        self._started = seconds(now())
        self._sent: Mapping[str, Any] = pod.get("status", {})
        self._changed = asyncio.Event()
        self._has_entry = False
        self._withdrawn = False
        self._turn = asyncio.Lock()

    def show(self, initial: Sequence[Container], main: Sequence[Container]) -> None:
        """The containers whose states are told from now on."""
        self._initial, self._main = initial, main
        self.wake()

    def wake(self) -> None:
        """Something changed."""
        self._changed.set()

    async def run(self) -> None:
        """Write the status after each change, until cancelled. Raises Refused for endpoints."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self.settle()

    async def withdraw(self) -> None:
        """The Pod is being deleted: it has no endpoint from now on, ready or not. Raises Refused."""
        self._withdrawn = True
        async with self._turn:
            await self._set_entry(False)

    async def settle(self) -> None:
        """Write the status as it is now; waits for as long as the API server cannot be reached."""
        async with self._turn:
            if not self._main:
                return
            status = pod_status(
                self._pod,
                [container.view for container in self._initial],
                [container.view for container in self._main],
                previous=self._sent,
                address=self._address,
                started=self._started,
                now=seconds(now()),
            )
            await self._set_entry(is_ready(status) and not self._withdrawn)
            await self._send(status)

    async def _send(self, status: Mapping[str, Any]) -> None:
        metadata = self._pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/status"
        # The identity makes it a conflict should another Pod have the name by now.
        body = {"metadata": {"uid": metadata["uid"]}, "status": status}
        try:
            await persist(self._services.client, "PATCH", path, body, content_type=STRATEGIC)
            self._sent = status
        except Refused as error:
            # The Pod stays as it was told last, unready if it was; the others here need not suffer for it.
            if error.status not in _GONE:
                print(f"status of {metadata['namespace']}/{metadata['name']}: {error}", flush=True)

    async def _set_entry(self, wanted: bool) -> None:
        while wanted != self._has_entry:
            try:
                if wanted:
                    await add_entry(self._services.client, self._pod, self._address, self._services.node)
                else:
                    await remove_entry(self._services.client, self._pod)
            except Unreachable:
                await asyncio.sleep(1)
            else:
                self._has_entry = wanted
