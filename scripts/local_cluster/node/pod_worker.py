"""One Pod's life on this node, from its first volume to its deletion."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scripts.local_cluster.node.addresses import NoAddress
from scripts.local_cluster.node.client import Refused, persist
from scripts.local_cluster.node.container import Container
from scripts.local_cluster.node.environment import ConfigError
from scripts.local_cluster.node.events import WARNING, Event
from scripts.local_cluster.node.images import strip_version
from scripts.local_cluster.node.launch import Home
from scripts.local_cluster.node.publisher import Publisher
from scripts.local_cluster.node.services import Services, fetch_sources
from scripts.local_cluster.node.status import ContainerView
from scripts.local_cluster.node.volumes import MountError, make_volumes, volume_sources

_RETRY = 5.0
_COPIES = "seldonio/rclone-storage-initializer"


class PodWorker:
    """Runs one Pod that the scheduler has bound to this node."""

    def __init__(self, pod: Mapping[str, Any], services: Services) -> None:
        self._pod = pod
        self._services = services
        self._deleted = asyncio.Event()
        self._gone = False
        self._initial: tuple[Container, ...] = ()
        self._main: tuple[Container, ...] = ()
        if pod["metadata"].get("deletionTimestamp"):
            self._deleted.set()

    def update(self, pod: Mapping[str, Any]) -> None:
        """Tell it the Pod as it is now."""
        self._pod = pod
        if pod["metadata"].get("deletionTimestamp"):
            self._deleted.set()

    def drop(self) -> None:
        """Tell it that the Pod is no longer there: somebody did not wait for its end."""
        self._gone = True
        self._deleted.set()

    async def run(self) -> None:
        """Run the Pod; returns when it was deleted and nothing of it is left. Raises Refused."""
        if self._deleted.is_set() or self._pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            # Bound to an earlier life of this node, where it came to its end.
            await self._deleted.wait()
            await self._remove()
            return
        address = await self._take_address()
        publisher = Publisher(self._pod, address, self._services)
        publishing = asyncio.create_task(publisher.run())
        living = asyncio.create_task(self._live(address, publisher))
        deletion = asyncio.create_task(self._deleted.wait())
        try:
            await asyncio.wait({living, publishing, deletion}, return_when=asyncio.FIRST_COMPLETED)
            for task in (living, publishing):
                if task.done():
                    task.result()
            await self._deleted.wait()
            await publisher.withdraw()
            await self._end(living)
            if not self._gone:
                await publisher.settle()
                await self._remove()
        finally:
            await _cancel(living, publishing, deletion)
            self._services.addresses.release(address)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _folder(self) -> Path:
        metadata = self._pod["metadata"]
        return self._services.folder / f"{metadata['namespace']}_{metadata['name']}_{metadata['uid']}"

    async def _take_address(self) -> str:
        while True:
            try:
                return self._services.addresses.take()
            except NoAddress as error:
                self._tell("FailedCreatePodSandBox", f"Failed to create pod sandbox: {error}")
                await asyncio.sleep(_RETRY)

    async def _live(self, address: str, publisher: Publisher) -> None:
        """Run the init containers one after the other, then all containers side by side."""
        spec = self._pod["spec"]
        home = Home(
            pod=self._pod,
            address=address,
            folder=self._folder,
            volumes=await self._mount(address),
        )
        status = self._pod.get("status", {})
        views = {
            entry["name"]: entry
            for key in ("initContainerStatuses", "containerStatuses")
            for entry in status.get(key, ())
        }

        def make(declarations: Iterable[Mapping[str, Any]], initial: bool) -> tuple[Container, ...]:
            reason = "PodInitializing" if spec.get("initContainers") else "ContainerCreating"
            return tuple(
                Container(
                    declaration,
                    home,
                    self._services,
                    initial=initial,
                    view=_first_view(declaration, views.get(declaration["name"], {}), reason),
                    changed=publisher.wake,
                )
                for declaration in declarations
            )

        self._initial = make(spec.get("initContainers", ()), True)
        self._main = make(spec["containers"], False)
        publisher.show(self._initial, self._main)
        for container, declaration in zip(self._initial, spec.get("initContainers", ()), strict=True):
            await container.run()
            if not container.view.succeeded:
                return
            self._tell_if_nothing_came(declaration, home)
        await asyncio.gather(*(container.run() for container in self._main))

    async def _mount(self, address: str) -> Mapping[str, Path]:
        """Make the volumes; waits for as long as something that they hold is missing."""
        namespace = self._pod["metadata"]["namespace"]
        while True:
            sources = await fetch_sources(self._services, namespace, volume_sources(self._pod))
            try:
                return make_volumes(self._pod, self._folder / "volumes", address=address, sources=sources)
            except (MountError, ConfigError) as error:
                self._tell("FailedMount", str(error))
                await asyncio.sleep(_RETRY)

    def _tell_if_nothing_came(self, declaration: Mapping[str, Any], home: Home) -> None:
        # A copy from a path that does not exist ends well. The Pod's status stays what it would be anywhere;
        # this event is the one thing that a real node does not say.
        if strip_version(declaration["image"]) != _COPIES or not declaration.get("args"):
            return
        for mount in declaration.get("volumeMounts", ()):
            folder = home.volumes.get(mount["name"])
            if mount["mountPath"] == declaration["args"][-1] and folder and not any(folder.iterdir()):
                self._tell(
                    "NothingCopied",
                    f"init container {declaration['name']} ended well, but {mount['mountPath']} is empty: "
                    f"there is nothing at {declaration['args'][0]}",
                )

    async def _end(self, living: asyncio.Task[None]) -> None:
        spec, metadata = self._pod["spec"], self._pod["metadata"]
        default = spec.get("terminationGracePeriodSeconds", 30)
        grace = 0.0 if self._gone else float(metadata.get("deletionGracePeriodSeconds", default))
        await asyncio.gather(*(each.end(grace) for each in (*self._initial, *self._main)))
        await _cancel(living)

    async def _remove(self) -> None:
        metadata = self._pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "gracePeriodSeconds": 0,
            "preconditions": {"uid": metadata["uid"]},
        }
        try:
            await persist(self._services.client, "DELETE", path, body)
        except Refused as error:
            # Gone already, or another Pod has its name.
            if error.status not in (404, 409):
                raise

    def _tell(self, reason: str, message: str) -> None:
        self._services.recorder.record(self._pod, Event(kind=WARNING, reason=reason, message=message))


def _first_view(declaration: Mapping[str, Any], previous: Mapping[str, Any], reason: str) -> ContainerView:
    """A container before it is run here; what ran in an earlier life of this node ended, nobody saw how."""
    last: Mapping[str, Any] = {}
    if previous.get("containerID"):
        ended = previous.get("state", {}).get("terminated")
        unseen = {"exitCode": 255, "reason": "Unknown", "containerID": previous["containerID"]}
        last = {"terminated": ended or unseen}
    return ContainerView(
        name=declaration["name"],
        image=declaration["image"],
        state={"waiting": {"reason": reason}},
        last=last,
        restarts=previous.get("restartCount", 0),
        number=previous.get("containerID", "").removeprefix("process://"),
    )


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
