"""The Pods that are bound to this node, each with a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.local_cluster.node.client import Refused, Unreachable
from scripts.local_cluster.node.pod_worker import PodWorker
from scripts.local_cluster.node.services import Services

_PAUSE = 1.0
_PATH = "/api/v1/pods"


class Pods:
    """Follows the API server's list of this node's Pods."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._workers: dict[str, PodWorker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Run Pods as they come and go, until cancelled; then end all their programs at once.

        Raises what a worker raised that should not have: better no node than one that lies.
        """
        following = asyncio.create_task(self._follow())
        try:
            await asyncio.wait({following, self._failed}, return_when=asyncio.FIRST_COMPLETED)
            (following if following.done() else self._failed).result()
        finally:
            tasks = (following, *self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self) -> None:
        query = {"fieldSelector": f"spec.nodeName={self._services.node}"}
        while True:
            try:
                listed = await self._services.client.request("GET", _PATH, query=query)
                self._replace(listed["items"])
                version = listed["metadata"]["resourceVersion"]
                async for change in self._services.client.watch(_PATH, query=query, version=version):
                    if change.kind != "BOOKMARK":
                        self._take(change.body, gone=change.kind == "DELETED")
            except Unreachable:
                # What runs goes on running; the list is read again when the API server is back.
                await asyncio.sleep(_PAUSE)
            except Refused as error:
                print(f"pods of {self._services.node}: {error}", flush=True)
                await asyncio.sleep(_PAUSE)

    def _replace(self, pods: Iterable[Mapping[str, Any]]) -> None:
        listed = {pod["metadata"]["uid"]: pod for pod in pods}
        for uid, worker in self._workers.items():
            if uid not in listed:
                worker.drop()
        for pod in listed.values():
            self._take(pod, gone=False)

    def _take(self, pod: Mapping[str, Any], *, gone: bool) -> None:
        uid = pod["metadata"]["uid"]
        worker = self._workers.get(uid)
        if worker is not None and gone:
            worker.drop()
        elif worker is not None:
            worker.update(pod)
        elif not gone:
            worker = self._workers[uid] = PodWorker(pod, self._services)
            task = self._tasks[uid] = asyncio.create_task(worker.run())
            task.add_done_callback(lambda done: self._forget(uid, done))

    def _forget(self, uid: str, task: asyncio.Task[None]) -> None:
        del self._workers[uid], self._tasks[uid]
        if task.cancelled() or self._failed.done():
            return
        error = task.exception()
        if error is not None:
            self._failed.set_exception(error)
