"""Asking a running container's probes, again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.local_cluster.node.probes import LIVENESS, READINESS, STARTUP, Probe, Streak, read_probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Who asks, and who is told.

    ask: a probe's answer, None or what is wrong.
    failed: told each failed answer. started: told when the container counts as started. ready: told whenever
    the readiness probe has a verdict. doomed: told when the container has to be restarted.
    """

    ask: Callable[[Probe], Awaitable[str | None]]
    failed: Callable[[Probe, str], None]
    started: Callable[[], None]
    ready: Callable[[bool], None]
    doomed: Callable[[Probe], None]

    async def watch(self, declaration: Mapping[str, Any]) -> None:
        """Ask the probes of a container that was started a moment ago; returns when none is left to ask."""
        begin = asyncio.get_running_loop().time()
        startup, readiness, liveness = (
            read_probe(declaration, kind) for kind in (STARTUP, READINESS, LIVENESS)
        )
        if startup is not None and not await self._until_verdict(startup, begin):
            return
        self.started()
        if readiness is None:
            self.ready(True)
        await asyncio.gather(
            *([self._watch_readiness(readiness, begin)] if readiness is not None else []),
            *([self._watch_liveness(liveness, begin)] if liveness is not None else []),
        )

    async def _until_verdict(self, startup: Probe, begin: float) -> bool:
        async for verdict in self._verdicts(startup, begin):
            if not verdict:
                self.doomed(startup)
            return verdict
        return False

    async def _watch_readiness(self, readiness: Probe, begin: float) -> None:
        async for verdict in self._verdicts(readiness, begin):
            self.ready(verdict)

    async def _watch_liveness(self, liveness: Probe, begin: float) -> None:
        async for verdict in self._verdicts(liveness, begin):
            if not verdict:
                self.doomed(liveness)
                return

    async def _verdicts(self, probe: Probe, begin: float) -> AsyncIterator[bool]:
        streak = Streak()
        await asyncio.sleep(max(0.0, begin + probe.delay - asyncio.get_running_loop().time()))
        while True:
            fault = await self.ask(probe)
            if fault is not None:
                self.failed(probe, fault)
            streak.add(fault is None)
            verdict = streak.verdict(probe)
            if verdict is not None:
                yield verdict
            await asyncio.sleep(probe.period)
