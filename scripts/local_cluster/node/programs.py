"""Running a container's programs: one session each, output to a file, gone with all they started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FALLBACK_LINES = 80
FALLBACK_BYTES = 2048
MESSAGE_BYTES = 4096


class CannotStart(Exception):
    """A program could not even be started. The text is what a container runtime says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where and with what a container's programs run."""

    folder: Path
    environment: Mapping[str, str]


class Running:
    """One program that was started."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id, which is its session's, too."""
        return self._process.pid

    async def wait(self) -> int:
        """Its exit code, once it and all it started are gone; 128 and the signal's number if one ended it."""
        code = await self._process.wait()
        # With the first process of a container all others end.
        self._signal_all(signal.SIGKILL)
        return code if code >= 0 else 128 - code

    def ask_to_end(self) -> None:
        """Send SIGTERM to the first process, and to it alone, as a container runtime does."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and all it started, at once."""
        self._signal_all(signal.SIGKILL)

    def _signal_all(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


async def start(command: Sequence[str], around: Surroundings, log: Path) -> Running:
    """Start a program whose output is appended to `log`. Raises CannotStart."""
    if not command:
        raise CannotStart("no command specified")
    with log.open("ab") as output:
        return Running(await _spawn(command, around, output.fileno()))


async def execute(command: Sequence[str], around: Surroundings, timeout: float) -> tuple[int, str]:
    """Run a command to its end, at most so many seconds; its exit code and output."""
    try:
        process = await _spawn(command, around, asyncio.subprocess.PIPE)
    except CannotStart as error:
        return 126, str(error)
    running = Running(process)
    try:
        output, _ = await asyncio.wait_for(process.communicate(), timeout)
    except asyncio.TimeoutError:
        running.kill()
        await process.wait()
        return 124, f'command "{" ".join(command)}" timed out'
    except asyncio.CancelledError:
        running.kill()
        raise
    return process.returncode or 0, output.decode("utf-8", errors="replace")


def last_words(container_log: Path, termination_log: Path, *, policy: str, failed: bool) -> str:
    """A container's termination message: what it wrote for that, else, where the policy says so, its log."""
    said = termination_log.read_bytes()[:MESSAGE_BYTES] if termination_log.exists() else b""
    if not said and failed and policy == "FallbackToLogsOnError" and container_log.exists():
        lines = container_log.read_bytes().splitlines(keepends=True)[-FALLBACK_LINES:]
        said = b"".join(lines)[-FALLBACK_BYTES:]
    return said.decode("utf-8", errors="replace")


async def _spawn(command: Sequence[str], around: Surroundings, output: int) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=around.folder,
            env=dict(around.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise CannotStart(f'exec: "{command[0]}": executable file not found in $PATH: unknown') from error
    except OSError as error:
        raise CannotStart(
            f'exec: "{command[0]}": {(error.strerror or str(error)).lower()}: unknown'
        ) from error
