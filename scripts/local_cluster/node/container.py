"""One container: its program started, watched by its probes, restarted and ended, as a kubelet does it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from scripts.local_cluster.node import programs
from scripts.local_cluster.node.backoff import BackOff
from scripts.local_cluster.node.environment import ConfigError
from scripts.local_cluster.node.events import NORMAL, WARNING, Event
from scripts.local_cluster.node.images import ImageMissing
from scripts.local_cluster.node.launch import Home, Launch, prepare_launch
from scripts.local_cluster.node.moments import now, seconds
from scripts.local_cluster.node.probes import Probe
from scripts.local_cluster.node.programs import CannotStart, Running
from scripts.local_cluster.node.services import Services
from scripts.local_cluster.node.status import ContainerView
from scripts.local_cluster.node.stopping import stop_gracefully
from scripts.local_cluster.node.watching import Watcher

_RETRY = 5.0  # seconds until a declaration that was wrong is looked at again


class Container:
    """One container of a Pod.

    `view` is what the Pod's status says of it; `changed` is called after each change of it.
    """

    def __init__(
        self,
        declaration: Mapping[str, Any],
        home: Home,
        services: Services,
        *,
        initial: bool,
        view: ContainerView,
        changed: Callable[[], None],
    ) -> None:
        self.view = view
        self._declaration = declaration
        self._home = home
        self._services = services
        self._initial = initial
        self._changed = changed
        self._back_off = BackOff(services.back_off)
        self._running: Running | None = None
        self._launch: Launch | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._ending = False

    @property
    def name(self) -> str:
        """Its name in the Pod."""
        return self.view.name

    async def run(self) -> None:
        """Run it, again and again as the Pod's restart policy says; returns when it will not run again."""
        while not self._ending:
            launch = await self._prepare()
            code = await self._run_once(launch)
            if not self._runs_again(code):
                return
            await self._pause()

    async def end(self, grace: float) -> None:
        """Have it run what it has to before it stops, ask it to end, and kill it after `grace` seconds.

        Does nothing where nothing runs.
        """
        self._ending = True
        if self._running is not None:
            self._tell(NORMAL, "Killing", f"Stopping container {self.name}")
            await self._stop(grace)

    async def _prepare(self) -> Launch:
        """What to run; waits for as long as it cannot be had."""
        pulls = BackOff(self._services.back_off)
        while True:
            try:
                launch = await prepare_launch(self._declaration, self._home, self._services)
            except ImageMissing as error:
                await self._wait_for_image(str(error), pulls)
            except ConfigError as error:
                self._tell(WARNING, "Failed", f"Error: {error}")
                self._show(state={"waiting": {"reason": "CreateContainerConfigError", "message": str(error)}})
                await asyncio.sleep(_RETRY)
            else:
                image = self._declaration["image"]
                self._tell(NORMAL, "Pulled", f'Container image "{image}" already present on machine')
                return launch

    async def _wait_for_image(self, fault: str, pulls: BackOff) -> None:
        image = self._declaration["image"]
        self._tell(NORMAL, "Pulling", f'Pulling image "{image}"')
        self._tell(WARNING, "Failed", f'Failed to pull image "{image}": {fault}')
        self._tell(WARNING, "Failed", "Error: ErrImagePull")
        self._show(state={"waiting": {"reason": "ErrImagePull", "message": fault}})
        await asyncio.sleep(1)
        message = f'Back-off pulling image "{image}"'
        self._tell(NORMAL, "BackOff", message)
        self._tell(WARNING, "Failed", "Error: ImagePullBackOff")
        said = f"{message}: ErrImagePull: {fault}"
        self._show(state={"waiting": {"reason": "ImagePullBackOff", "message": said}})
        await asyncio.sleep(pulls.next())

    async def _run_once(self, launch: Launch) -> int:
        """Run its program to the end; the exit code."""
        earlier = self.view.state.get("terminated")
        if earlier is not None or self.view.last:
            # Not its first time: what ended last is told beside what runs now.
            last = {"terminated": earlier} if earlier is not None else self.view.last
            self.view = replace(self.view, restarts=self.view.restarts + 1, last=last)
        log = self._home.container_folder(self.name) / f"{self.view.restarts}.log"
        launch.termination_log.write_bytes(b"")
        started = now()
        try:
            running = await programs.start(launch.command, launch.around, log)
        except CannotStart as error:
            self._tell(WARNING, "Failed", f"Error: failed to start container {self.name}: {error}")
            self._show_ended(128, "StartError", f"failed to start container: {error}", started)
            return 128
        self._running, self._launch = running, launch
        self._tell(NORMAL, "Created", f"Created container: {self.name}")
        self._tell(NORMAL, "Started", f"Started container {self.name}")
        self.view = replace(self.view, number=str(running.pid))
        self._show(state={"running": {"startedAt": seconds(started)}})
        watching = asyncio.create_task(self._watcher().watch(self._declaration))
        try:
            code = await running.wait()
        finally:
            running.kill()
            self._running = None
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
        self._back_off.ran((now() - started).total_seconds())
        policy = self._declaration.get("terminationMessagePolicy", "File")
        words = programs.last_words(log, launch.termination_log, policy=policy, failed=code != 0)
        self._show_ended(code, "Completed" if code == 0 else "Error", words, started)
        return code

    def _watcher(self) -> Watcher:
        def failed(probe: Probe, fault: str) -> None:
            self._tell(WARNING, "Unhealthy", f"{probe.kind} probe failed: {fault}")

        def started() -> None:
            self.view = replace(self.view, started=True)
            self._changed()

        def ready(is_ready: bool) -> None:
            if is_ready != self.view.ready:
                self.view = replace(self.view, ready=is_ready)
                self._changed()

        def doomed(probe: Probe) -> None:
            if self._ending:
                return
            kind = probe.kind.lower()
            self._tell(NORMAL, "Killing", f"Container {self.name} failed {kind} probe, will be restarted")
            # Not awaited: stopping it ends this watch.
            self._stopping = asyncio.create_task(self._stop(self._grace()))

        return Watcher(ask=self._ask, failed=failed, started=started, ready=ready, doomed=doomed)

    async def _ask(self, probe: Probe) -> str | None:
        return await self._services.prober.ask(probe, self._declaration, self._home.address, self._execute)

    async def _execute(self, command: tuple[str, ...], timeout: float) -> tuple[int, str]:
        assert self._launch is not None  # noqa: S101  nothing is executed in what never ran
        return await programs.execute(command, self._launch.around, timeout)

    async def _stop(self, grace: float) -> None:
        if self._running is not None:
            fault = await stop_gracefully(
                self._running, self._declaration, self._home.address, grace, self._execute
            )
            if fault:
                self._tell(WARNING, "FailedPreStopHook", fault)

    def _grace(self) -> float:
        return float(self._home.pod["spec"].get("terminationGracePeriodSeconds", 30))

    def _runs_again(self, code: int) -> bool:
        if self._ending:
            return False
        policy = self._home.pod["spec"].get("restartPolicy", "Always")
        if self._initial:
            return code != 0 and policy != "Never"
        return policy == "Always" or (policy == "OnFailure" and code != 0)

    async def _pause(self) -> None:
        """Wait before it runs again: not at all the first time."""
        delay = self._back_off.next()
        if not delay:
            return
        metadata = self._home.pod["metadata"]
        pod = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
        self._tell(WARNING, "BackOff", f"Back-off restarting failed container {self.name} in pod {pod}")
        message = f"back-off {delay:.0f}s restarting failed container={self.name} pod={pod}"
        self._show(
            state={"waiting": {"reason": "CrashLoopBackOff", "message": message}}, last=self.view.state
        )
        await asyncio.sleep(delay)

    def _show_ended(self, code: int, reason: str, message: str, started: datetime.datetime) -> None:
        ended = {
            "exitCode": code,
            "reason": reason,
            **({"message": message} if message else {}),
            "startedAt": seconds(started),
            "finishedAt": seconds(now()),
            "containerID": f"process://{self.view.number}" if self.view.number else "",
        }
        # A step of the Pod's beginning that is done counts as ready.
        self.view = replace(self.view, started=False, ready=self._initial and code == 0)
        self._show(state={"terminated": ended})

    def _show(self, *, state: Mapping[str, Any], last: Mapping[str, Any] | None = None) -> None:
        self.view = replace(self.view, state=state, last=self.view.last if last is None else last)
        self._changed()

    def _tell(self, kind: str, reason: str, message: str) -> None:
        group = "initContainers" if self._initial else "containers"
        field = f"spec.{group}{{{self.name}}}"
        event = Event(kind=kind, reason=reason, message=message, field=field)
        self._services.recorder.record(self._home.pod, event)
