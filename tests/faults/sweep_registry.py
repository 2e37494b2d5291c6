"""The sweep before MLflow: each request of a command with every fault, in a repository of its own."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.faults.sweep_checks import Kind, Problem
from tests.faults.sweep_faults import Fault, take_alternate, take_turns
from tests.faults.sweep_proxy import FaultyProxy
from tests.faults.sweep_runner import Ended, Runner

LANES = 8

# A refusal that is no outage, or an answer that no MLflow server gives, is for people to look into: usage or
# configuration.
_ENDS: dict[Fault | None, set[int]] = {
    Fault.KILL: {-9},
    Fault.TERM: {130},
    Fault.HALVE: {2, 3},
    Fault.CONFLICT: {2, 3},
    Fault.EXPIRED: {2, 3},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that reads the registry: how it ends, and whether it writes."""

    name: str
    arguments: tuple[str, ...]
    ends: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryCase:
    """A fault on request number `at` of a command; `hit` is that request, empty if it was not made."""

    command: str
    fault: Fault
    at: int
    hit: str = ""
    problems: tuple[Problem, ...] = ()

    def __str__(self) -> str:
        said = "; ".join(f"{problem.kind.value}: {problem.text}" for problem in self.problems)
        return f"{self.command}, request {self.at} ({self.hit}) {self.fault.value}: {said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryStand:
    """Where commands are run: the registry's address, and the repository that each case gets a copy of."""

    runner: Runner
    uri: str
    repository: Path
    folder: Path

    def run(
        self, command: Command, where: Path, *, fault: Fault | None = None, at: int = 0
    ) -> tuple[Ended, FaultyProxy]:
        """One run of the command in the repository at `where`."""
        with FaultyProxy(self.uri, fault=fault, at=at) as proxy:
            ended = self.runner.run(
                *command.arguments,
                folder=where,
                environment={
                    "MLFLOW_TRACKING_URI": proxy.uri,
                    "XDG_CACHE_HOME": str(where.with_suffix(".cache")),
                },
                started=proxy.aim,
            )
            proxy.settle()
        return ended, proxy

    def copy(self, name: str) -> Path:
        """A repository for one case."""
        return Path(shutil.copytree(self.repository, self.folder / name))


def play_registry(
    stand: RegistryStand, commands: Sequence[Command], *, sample: bool
) -> tuple[RegistryCase, ...]:
    """Half of all cases, or a sample: every other fault with a command, and the others with the next one."""
    references: dict[str, dict[str, bytes]] = {}
    chosen: list[RegistryCase] = []
    for number, command in enumerate(commands):
        where = stand.copy(f"reference-{command.name}")
        ended, proxy = stand.run(command, where)
        assert ended.code == command.ends, f"{command.name}, without a fault: {ended.out}{ended.err}"
        references[command.name] = read_files(where)
        cases = [
            RegistryCase(command=command.name, fault=fault, at=at)
            for fault in Fault
            for at in range(1, len(proxy.requests) + 1)
        ]
        chosen += take_turns(cases, number) if sample else take_alternate(cases)
    known = {command.name: command for command in commands}
    numbers = itertools.count()

    def play(case: RegistryCase) -> RegistryCase:
        return _play(stand, known[case.command], case, references[case.command], f"case-{next(numbers)}")

    with ThreadPoolExecutor(LANES) as lanes:
        return tuple(lanes.map(play, chosen))


def _play(
    stand: RegistryStand, command: Command, case: RegistryCase, wanted: Mapping[str, bytes], name: str
) -> RegistryCase:
    where = stand.copy(name)
    before = read_files(where)
    first, faulty = stand.run(command, where, fault=case.fault, at=case.at)
    between = read_files(where)
    second, _ = stand.run(command, where)
    problems = (
        *check_first(case.fault if faulty.hit else None, command, first, before, between, wanted),
        *check_second(command, second, read_files(where), wanted),
    )
    return RegistryCase(
        command=case.command, fault=case.fault, at=case.at, hit=str(faulty.hit or ""), problems=problems
    )


def check_first(
    fault: Fault | None,
    command: Command,
    ended: Ended,
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    wanted: Mapping[str, bytes],
) -> Iterator[Problem]:
    """A disturbed run ends as an undisturbed one or as undecided, and writes whole records or nothing."""
    if ended.code not in _ENDS.get(fault, {3}) | ({command.ends} if fault is not Fault.KILL else set()):
        yield Problem(kind=Kind.ENDED, text=f"it ended with {ended.code}: {ended.out}{ended.err}")
    for path in after:
        if after[path] not in (before.get(path), wanted.get(path)):
            yield Problem(kind=Kind.LEAK, text=f"{path} is neither as it was nor as it is to be")
    for path in before.keys() - after.keys():
        yield Problem(kind=Kind.WRONG_DELETE, text=f"{path} is gone")
    if ended.code == 0 and after != wanted:
        yield Problem(kind=Kind.FALSE_REPORT, text="it says that all is well, and not all is written")


def check_second(
    command: Command, ended: Ended, after: Mapping[str, bytes], wanted: Mapping[str, bytes]
) -> Iterator[Problem]:
    """The run after it ends where an undisturbed one ends."""
    if ended.code != command.ends:
        yield Problem(kind=Kind.DIVERGED, text=f"the next run ended with {ended.code}: {ended.err}")
    for path in sorted(after.keys() | wanted.keys()):
        if after.get(path) != wanted.get(path):
            yield Problem(kind=Kind.DIVERGED, text=f"{path} differs, or is there or not there")


def read_files(folder: Path) -> dict[str, bytes]:
    """All files of a repository by path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
