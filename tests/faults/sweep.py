"""The sweep: every request of every stage with every fault, each followed by one undisturbed run.

A chain is one namespace that goes through a whole story. At each stage one case is played: a fault on the
n-th request of the stage's run, then one undisturbed run that must end where a story without faults ends.
What it ends with was compared, so that it is where the next stage begins. A chain whose case failed is left
there, and what it had still to play goes on in a fresh namespace.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.local_cluster.api import AdminApi
from tests.faults.sweep_checks import Problem, check_disturbed, check_repaired, check_untouched, quote
from tests.faults.sweep_faults import Fault
from tests.faults.sweep_stand import Ran, Stand
from tests.faults.sweep_state import State, read_state, remove_record
from tests.faults.sweep_steps import Step, find_step
from tests.faults.sweep_story import STORIES, make_namespace, prepare_by_hand

LANES = 6
"""Few enough that other tests on the machine are not held up; runs wait most of the time, for Leases that end
and between tries.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fault on request number `at` of the run of a story's stage."""

    story: str
    stage: int
    fault: Fault
    at: int

    @property
    def stage_name(self) -> str:
        return STORIES[self.story][self.stage].name


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a case: what it hit (a request, and the step of a run that this request belongs to).

    `hit` is empty if the run ended before it came so far; `step` is None where faults are played before
    something other than the API server.
    """

    case: Case
    hit: str
    step: Step | None
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        case = self.case
        said = "; ".join(f"{problem.kind.value}: {problem.text}" for problem in self.problems)
        where = f"{case.story}, {case.stage_name}, request {case.at} ({self.hit})"
        return f"{where} {case.fault.value}: {said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A stage without faults: where its run ends, how many requests that takes, and which ask for lists."""

    ends: State
    requests: int
    lists: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """All that was played, and the stories without faults that it was compared with."""

    played: tuple[Played, ...]
    references: dict[str, tuple[Reference, ...]]


def play_references(
    stand: Stand, stories: Sequence[str] = tuple(STORIES)
) -> dict[str, tuple[Reference, ...]]:
    """Each story without a fault."""
    names = dict(zip(stand.name_namespaces(len(stories)), stories, strict=True))
    repository = stand.write_repository({namespace: STORIES[story] for namespace, story in names.items()})
    api = stand.open_api()
    found: dict[str, tuple[Reference, ...]] = {}
    for namespace, story in names.items():
        make_namespace(api, namespace)
        stages = []
        for number, stage in enumerate(STORIES[story]):
            prepare_by_hand(api, namespace, stage)
            ran = stand.run(repository, namespace, number)
            assert ran.ended.code == 0, f"{story}, {stage.name}, without a fault: {quote(ran.ended)}"
            state = read_state(api, namespace)
            lists = tuple(item.number for item in ran.disturbed if "limit" in item.query)
            stages.append(Reference(ends=state, requests=len(ran.disturbed), lists=lists))
        found[story] = tuple(stages)
        remove_record(api, namespace)
    api.close()
    return found


def list_cases(references: dict[str, tuple[Reference, ...]]) -> list[Case]:
    """Every fault on every request, story by story and stage by stage."""
    return [
        Case(story=story, stage=stage, fault=fault, at=at)
        for story, stages in references.items()
        for stage, reference in enumerate(stages)
        for fault in Fault
        for at in range(1, reference.requests + 1)
    ]


def list_cases_of_lists(references: dict[str, tuple[Reference, ...]], faults: Sequence[Fault]) -> list[Case]:
    """Some faults on every request that asks for a list or a page of one."""
    return [
        Case(story=story, stage=stage, fault=fault, at=at)
        for story, stages in references.items()
        for stage, reference in enumerate(stages)
        for fault in faults
        for at in reference.lists
    ]


def play_cases(
    cases: Sequence[Case], stand: Stand, references: dict[str, tuple[Reference, ...]], *, lanes: int = LANES
) -> tuple[Played, ...]:
    """Play all cases, `lanes` at a time."""
    chains = _make_chains(cases)
    waiting: queue.SimpleQueue[tuple[str, dict[int, Case], Path]] = queue.SimpleQueue()
    namespaces = stand.name_namespaces(len(chains))
    stories = {
        namespace: STORIES[_story_of(chain)] for namespace, chain in zip(namespaces, chains, strict=True)
    }
    repository = stand.write_repository(stories)
    for namespace, chain in zip(namespaces, chains, strict=True):
        waiting.put((namespace, chain, repository))
    played: list[Played] = []
    failures: list[BaseException] = []

    def work() -> None:
        api = stand.open_api()
        try:
            while not failures:
                try:
                    namespace, chain, where = waiting.get_nowait()
                except queue.Empty:
                    return
                done, rest = _play_chain(chain, stand, where, namespace, api, references)
                played.extend(done)
                # Runs list the records of all namespaces; those of earlier chains would make that long.
                remove_record(api, namespace)
                if rest:
                    (again,) = stand.name_namespaces(1)
                    fresh = stand.write_repository({again: STORIES[_story_of(rest)]})
                    waiting.put((again, rest, fresh))
        except BaseException as error:
            failures.append(error)
            raise
        finally:
            api.close()

    threads = [threading.Thread(target=work, name=f"lane {number}") for number in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return tuple(played)


def _story_of(chain: dict[int, Case]) -> str:
    return next(iter(chain.values())).story


def _make_chains(cases: Iterable[Case]) -> list[dict[int, Case]]:
    """Cases of one story as chains of at most one of each stage; long ones first."""
    stages: dict[str, dict[int, list[Case]]] = {}
    for case in cases:
        stages.setdefault(case.story, {}).setdefault(case.stage, []).append(case)
    return [
        {stage: found[number] for stage, found in by_stage.items() if number < len(found)}
        for by_stage in stages.values()
        for number in range(max(map(len, by_stage.values())))
    ]


def _play_chain(
    chain: dict[int, Case],
    stand: Stand,
    repository: Path,
    namespace: str,
    api: AdminApi,
    references: dict[str, tuple[Reference, ...]],
) -> tuple[list[Played], dict[int, Case]]:
    """What was played, and what is left after a failure."""
    story = _story_of(chain)
    make_namespace(api, namespace)
    done: list[Played] = []
    for number, stage in enumerate(STORIES[story]):
        left = {key: case for key, case in chain.items() if key >= number}
        if not left:
            break
        prepare_by_hand(api, namespace, stage)
        case = chain.get(number)
        if case is None:
            ran = stand.run(repository, namespace, number)
            assert ran.ended.code == 0, f"{story}, {stage.name}, between two cases: {quote(ran.ended)}"
            continue
        result = _play(case, stand, repository, namespace, api, references[story][number].ends)
        done.append(result)
        if result.problems:
            return done, {key: case for key, case in left.items() if key > number}
    return done, {}


def _play(case: Case, stand: Stand, repository: Path, namespace: str, api: AdminApi, wanted: State) -> Played:
    before = read_state(api, namespace)
    first = stand.run(repository, namespace, case.stage, fault=case.fault, at=case.at)
    after = read_state(api, namespace)
    # What failed for reasons of its own is not tried again at once, unless a person asks for it.
    options = ("--now",) if first.ended.code == 1 else ()
    second = stand.run(repository, namespace, case.stage, *options)
    repaired = read_state(api, namespace)
    problems = (
        *(check_untouched(first.ended, first.requests) if stand.all_or_nothing else ()),
        *check_disturbed(
            before=before,
            after=after,
            wanted=wanted,
            fault=case.fault if first.hit else None,
            ended=first.ended,
            requests=first.requests,
        ),
        *check_repaired(
            before=after, after=repaired, wanted=wanted, ended=second.ended, requests=second.requests
        ),
    )
    return Played(case=case, hit=str(first.hit or ""), step=_find_step(case, first), problems=problems)


def _find_step(case: Case, ran: Ran) -> Step | None:
    if ran.hit is None or ran.disturbed is not ran.requests:
        return None
    return find_step(ran.requests, case.at, weights=case.stage_name == "update")
