"""The request logger: payloads as CloudEvents, from a queue, without the caller's waiting.

Nothing is tried again: an event is lost when the queue is full for too long, the sink is down, or the process
ends.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from scripts.local_cluster.executor.calls import open_session
from scripts.local_cluster.executor.errors import GraphError
from scripts.local_cluster.executor.graph import Node
from scripts.local_cluster.executor.names import Resolver
from scripts.local_cluster.executor.payload import Payload, decompress
from scripts.local_cluster.executor.settings import Settings
from scripts.local_cluster.executor.walk import Event

_log = logging.getLogger("executor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event, ready to be sent."""

    url: str
    event: Event
    node: str
    puid: str
    payload: Payload


class RequestLog:
    """The queue and its senders. Made and used within one event loop."""

    def __init__(self, settings: Settings, resolver: Resolver) -> None:
        self._settings = settings
        # A queue of no length takes nothing that a sender does not wait for; asyncio's 0 is no limit.
        self._queue: asyncio.Queue[Entry] = asyncio.Queue(max(1, settings.log.queue))
        self._session = open_session(None, resolver)
        self._tasks = {asyncio.create_task(self._send_all()) for _ in range(settings.log.workers)}

    def record(self, node: Node, event: Event, payload: Payload, puid: str) -> None:
        """Queue an event. Raises GraphError when the sink's address has no scheme: that fails the request."""
        url = (node.logger.url if node.logger else "") or self._settings.log.url
        if not urlsplit(url).scheme or "://" not in url:
            raise GraphError(f'{node.name}: the request logger\'s url "{url}" has no scheme')
        entry = Entry(url=url, event=event, node=node.name, puid=puid, payload=payload)
        try:
            self._queue.put_nowait(entry)
        except asyncio.QueueFull:
            task = asyncio.create_task(self._wait_for_place(entry))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop the senders; what is queued is lost, as it is with the real one."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    async def _wait_for_place(self, entry: Entry) -> None:
        try:
            await asyncio.wait_for(self._queue.put(entry), self._settings.log.patience)
        except asyncio.TimeoutError:
            _log.error("request logger: the queue is full, %s of %s is lost", entry.event.value, entry.puid)

    async def _send_all(self) -> None:
        while True:
            entry = await self._queue.get()
            try:
                await self._send(entry)
            except (aiohttp.ClientError, GraphError, OSError, ValueError) as error:
                _log.error(
                    "request logger: %s: %s of %s is lost: %s",
                    entry.url,
                    entry.event.value,
                    entry.puid,
                    error,
                )

    async def _send(self, entry: Entry) -> None:
        settings = self._settings
        trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
        headers = {
            "Ce-Id": str(uuid.uuid4()),
            "Ce-Specversion": "1.0",
            "Ce-Type": entry.event.value,
            "Ce-Source": f"http://:{settings.http_port}/",
            "Ce-Time": _now(),
            "Ce-Requestid": entry.puid,
            "Ce-Modelid": entry.node,
            "Ce-Inferenceservicename": settings.deployment,
            "Ce-Namespace": settings.namespace,
            "Ce-Endpoint": settings.predictor.name,
            "Ce-Protocol": settings.protocol.value,
            "Ce-Traceparent": trace,
            "Traceparent": trace,
            "Content-Type": entry.payload.content_type,
        }
        body = decompress(entry.payload)
        async with self._session.post(URL(entry.url, encoded=True), data=body, headers=headers) as response:
            await response.read()


def _now() -> str:
    nanoseconds = time.time_ns()
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(nanoseconds // 10**9))
    return f"{moment}.{nanoseconds % 10**9:09d}Z"
