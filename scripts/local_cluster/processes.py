"""Start and stop processes that outlive the call that started them, by process id and start time."""

from __future__ import annotations

import atexit
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from scripts.local_cluster.errors import ClusterError

# Between a process's start as the kernel reports it now and as it did before; the clock may be adjusted, and
# no process id comes round again within that time.
_SAME_START = 2.0
_KILLED_WITHIN = 10.0  # seconds for the kernel to clear a killed process away
# Of our own environment, what a program gets. Not all of it: a KUBECONFIG or a proxy of the user's would lead
# a server away from this cluster.
INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "TZ", "XDG_CACHE_HOME")
# Tells whose a process is, should it have outlived the one that started it: the folder of the cluster.
MARK = "MODELSYNC_LOCAL_CLUSTER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is run under a name: enough to run it again after it was stopped.

    `environment` comes on top of the few variables of this process that every program gets.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path  # to run in
    log: Path

    def run(self) -> Process:
        """Run it. Raises ClusterError when it cannot be started."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return start(
            self.name,
            self.command,
            log=self.log,
            folder=self.folder,
            environment={**inherited, **self.environment, MARK: str(self.log.parent)},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process that we started. A process id alone is none: the kernel gives it to others later."""

    name: str
    pid: int
    started: float  # seconds since the epoch, as the operating system reports it
    log: Path | None = None

    def is_running(self) -> bool:
        """Whether this very process still runs (a zombie does not, once its last thread has ended)."""
        return self._find() is not None

    def stop(self, *, grace: float = 10.0) -> None:
        """Ask it to end, wait `grace` seconds, then kill it; returns when it is gone.

        With a grace of 0 it is killed at once, as a crash would end it.
        """
        process = self._find()
        if process is None:
            return
        with suppress(psutil.NoSuchProcess):
            if grace > 0:
                process.terminate()
                if self._wait_until_gone(grace):
                    return
            process.kill()
        self._wait_until_gone(_KILLED_WITHIN)

    def last_words(self, lines: int = 15) -> str:
        """The end of its log."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _wait_until_gone(self, seconds: float) -> bool:
        # Not by psutil's wait: what another process has started stays a zombie for as long as that one likes.
        end = time.monotonic() + seconds
        while self._find() is not None:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        for child in _children:
            if child.pid == self.pid:
                child.poll()
        return True

    def _find(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) > _SAME_START:
                return None
            return None if _has_ended(process) else process
        except psutil.NoSuchProcess:
            return None


def _has_ended(process: psutil.Process) -> bool:
    """Whether nothing of it runs any more. Raises psutil.NoSuchProcess.

    The first of many threads may be a zombie while others are still on their way out, with files and ports.
    """
    return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1


def identify(name: str, pid: int) -> Process:
    """The running process with this id. Raises ClusterError when there is none."""
    try:
        return Process(name=name, pid=pid, started=psutil.Process(pid).create_time())
    except psutil.NoSuchProcess as error:
        raise ClusterError(f"{name}: there is no process {pid}") from error


def kill_marked(folder: Path) -> tuple[str, ...]:
    """Kill what programs of the cluster in `folder` have left behind, at any depth; the names of these."""
    left = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.environ().get(MARK) == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                left.append(process.name())
                process.kill()
    return tuple(left)


def start(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Process:
    """Start a program in a session of its own, so that a ^C at the terminal reaches only who must clean up.

    Its output is appended to `log`. Raises ClusterError when the program cannot be started.
    """
    with log.open("ab") as output:
        try:
            # Not waited for here: it is stopped by its id, maybe by another process than this one.
            child = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ClusterError(f"{name} cannot be started: {error}") from error
    _children.append(child)
    try:
        started = psutil.Process(child.pid).create_time()
    except psutil.NoSuchProcess:
        started = time.time()
    return Process(name=name, pid=child.pid, started=started, log=log)


# Kept so that Python does not warn about a child that still runs; reaped as they end.
_children: list[subprocess.Popen[bytes]] = []


@atexit.register
def _leave_children() -> None:
    """What still runs is meant to outlive this process; Python would warn about each of them at its end."""
    for child in _children:
        if child.poll() is None:
            child.returncode = 0
