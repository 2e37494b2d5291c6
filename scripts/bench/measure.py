"""Runs tasks several times over, in turn, each time as whole new processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TIMER = Path(__file__).with_name("timer.py")


class BenchError(Exception):
    """Something could not be measured. Says what, and what was printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one program does on one set of files: its commands, one after the other, in `folder`.

    `code` is the exit code that says that all went well; `bars` are upper limits, None where there is none.
    """

    name: str
    subject: str
    folder: Path
    commands: tuple[tuple[str, ...], ...]
    code: int = 0
    bar_seconds: float | None = None
    bar_mib: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run of a task: seconds of all its commands together, on the wall and on processors, and MiB of the
    largest of them."""

    seconds: float
    mib: float
    cpu: float = 0.0


def measure_all(
    tasks: Sequence[Task], rounds: int, tell: Callable[[str], None]
) -> Mapping[Task, tuple[Sample, ...]]:
    """Samples of each task. A round runs every task once, so that a slow moment of the machine hits all.

    One round before the first is not counted: it fills the file cache and compiles modules to bytecode.
    Raises BenchError if a command ends otherwise than its task says.
    """
    tell(f"warming up ({len(tasks)} tasks)")
    for task in tasks:
        measure(task)
    samples: dict[Task, list[Sample]] = {task: [] for task in tasks}
    for number in range(1, rounds + 1):
        tell(f"round {number} of {rounds}")
        for task in tasks:
            samples[task].append(measure(task))
    return {task: tuple(found) for task, found in samples.items()}


def measure(task: Task) -> Sample:
    """One sample. Raises BenchError."""
    runs = [_time(command, task) for command in task.commands]
    return Sample(
        seconds=sum(run["seconds"] for run in runs),
        mib=max(run["kib"] for run in runs) / 1024,
        cpu=sum(run["cpu"] for run in runs),
    )


def _time(command: tuple[str, ...], task: Task) -> Mapping[str, float]:
    timer = [sys.executable, "-I", "-S", str(_TIMER), *command]
    done = subprocess.run(timer, cwd=task.folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{task.subject}, {task.name}: it could not be started: {done.stderr.strip()}")
    run: dict[str, float] = json.loads(done.stdout)
    if run["code"] != task.code:
        again = subprocess.run(command, cwd=task.folder, capture_output=True, text=True, check=False)
        lines = "\n".join((again.stdout + again.stderr).splitlines()[-10:])
        raise BenchError(
            f"{task.subject}, {task.name}: it ended with {run['code']:.0f} where {task.code} means that all "
            f"went well, so its time says nothing. Its last lines:\n{lines}"
        )
    return run
