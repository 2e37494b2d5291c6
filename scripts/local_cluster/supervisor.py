"""Run the programs of one cluster, and keep the state file true, so that others can stop and restart them."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from scripts.local_cluster.errors import ClusterError, PortTaken
from scripts.local_cluster.processes import Process, Program
from scripts.local_cluster.state import ClusterState, read_state, write_state

INTERVAL = 0.05


class Supervisor:
    """The programs of one cluster. Its methods may be called from several threads and processes at once."""

    def __init__(self, file: Path, *, deadline: float, give_up: threading.Event | None = None) -> None:
        """Describe the supervisor of the cluster whose state file is `file`.

        deadline: seconds that `wait_for` waits. give_up: ends all waiting when it is set.
        """
        self.file = file
        self._deadline = deadline
        self._give_up = give_up or threading.Event()
        self._own = threading.RLock()

    @property
    def state(self) -> ClusterState:
        """What the state file says now. Raises ClusterError when the cluster was stopped."""
        state = read_state(self.file)
        if state is None:
            raise ClusterError(f"{self.file}: the local cluster does not run any more")
        return state

    def note_fact(self, key: str, value: str) -> None:
        """Tell others an address or a key of this cluster, under the name `key`."""
        with self._hold() as state:
            write_state(self.file, replace(state, facts={**state.facts, key: value}))

    def add_process(self, process: Process) -> None:
        """Note a process that was started by other means; it is stopped with the cluster."""
        with self._hold() as state:
            self._write(state, (*state.processes, process))

    def run_program(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> Process:
        """Run a new program. Raises ClusterError when one of that name was run, or it cannot be started."""
        with self._hold() as state:
            if any(program.name == name for program in state.programs):
                raise ClusterError(
                    f"{name}: this cluster has a program of that name; start_process runs it again"
                )
            program = Program(
                name=name,
                command=tuple(command),
                environment=dict(environment or {}),
                folder=folder or state.folder,
                log=state.folder / f"{name}.log",
            )
            process = program.run()
            self._write(replace(state, programs=(*state.programs, program)), (*state.processes, process))
        return process

    def stop_process(self, name: str, *, grace: float = 10.0) -> None:
        """Stop a program, if it runs, and leave the rest running; with a grace of 0 it is killed."""
        _find_program(self.state, name)
        # Not under the lock: a program may take its time, and others must be able to note theirs.
        for process in self.state.processes:
            if process.name == name:
                process.stop(grace=grace)
        with self._hold() as state:
            self._write(
                state, tuple(each for each in state.processes if each.name != name or each.is_running())
            )

    def start_process(self, name: str) -> Process:
        """Run a program again, by the same command. Nothing is started while it still runs."""
        with self._hold() as state:
            program = _find_program(state, name)
            for process in state.processes:
                if process.name == name and process.is_running():
                    return process
            process = program.run()
            rest = tuple(each for each in state.processes if each.name != name)
            self._write(state, (*rest, process))
        return process

    def wait_for(self, process: Process, is_ready: Callable[[], bool]) -> None:
        """Wait until `is_ready` says yes.

        Raises ClusterError with the end of the program's log when it ends before or the deadline passes, and
        PortTaken when it ended because its port belongs to another process.
        """
        end = time.monotonic() + self._deadline
        while True:
            # In this order: a stranger on the same port must not be taken for a server that died on it.
            if not process.is_running():
                words = process.last_words()
                fault = PortTaken if "address already in use" in words.lower() else ClusterError
                raise fault(f"{process.name} ended while it was starting; the end of its log:\n{words}")
            if is_ready():
                return
            if time.monotonic() > end:
                raise ClusterError(
                    f"{process.name} is not ready after {self._deadline:.0f} s; the end of its log:\n"
                    f"{process.last_words()}"
                )
            if self._give_up.wait(INTERVAL):
                raise ClusterError(f"{process.name}: not waited for, since another part did not start")

    @contextmanager
    def _hold(self) -> Iterator[ClusterState]:
        """The state as it is now, which nobody else changes meanwhile."""
        state = self.state
        with self._own, (state.folder / "state.lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield self.state

    def _write(self, state: ClusterState, processes: tuple[Process, ...]) -> None:
        order = [program.name for program in state.programs]
        # What is no program, the guard, stands first and so is the last to go.
        ordered = sorted(processes, key=lambda each: order.index(each.name) if each.name in order else -1)
        write_state(self.file, replace(state, processes=tuple(ordered)))


def _find_program(state: ClusterState, name: str) -> Program:
    for program in state.programs:
        if program.name == name:
            return program
    known = ", ".join(program.name for program in state.programs)
    raise ClusterError(f"{name}: this cluster runs no program of that name; it has {known}")
