"""The sweep: every request of every stage with every fault, each followed by one undisturbed run.

A chain is one namespace that goes through a whole story. At each stage one case is played: a fault on the
n-th request of the stage's run, then one undisturbed run that must end where a story without faults ends.
What it ends with was compared, so that it is where the next stage begins. A chain whose case failed is left
there, and what it had still to play goes on in a fresh namespace.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import urllib3

from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import AdminApi
from tests.faults.sweep_checks import Problem, check_disturbed, check_repaired, quote
from tests.faults.sweep_faults import LEASE, Fault
from tests.faults.sweep_proxy import FaultyProxy, open_admin_pool, write_kubeconfig
from tests.faults.sweep_runner import Ended, Runner
from tests.faults.sweep_state import State, read_state
from tests.faults.sweep_steps import Step, find_step
from tests.faults.sweep_story import (
    STORIES,
    Story,
    make_namespace,
    name_branch,
    prepare_by_hand,
    write_repository,
)
from tests.support.proxy import Request

# Runs wait for each other's Leases and for pauses between tries most of the time.
LANES = 14
_SYNC = ("sync", "production", "-o", "json", "--lease-wait", "60s")


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
    """What came of a case. `step` and `request` are None if the run ended before it made that request."""

    case: Case
    step: Step | None
    request: Request | None
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        case = self.case
        said = "; ".join(f"{problem.kind.value}: {problem.text}" for problem in self.problems)
        return (
            f"{case.story}, {case.stage_name}, request {case.at} ({self.request}) {case.fault.value}: {said}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A stage without faults: where its run ends, and how many requests that takes."""

    ends: State
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """All that was played, and the stories without faults that it was compared with."""

    played: tuple[Played, ...]
    references: dict[str, tuple[Reference, ...]]


class Stand:
    """Where stories are played: one API server, one repository, one process that forks runs."""

    def __init__(self, cluster: LocalCluster, folder: Path, *, name: str, runner: Runner) -> None:
        """`name` begins the names of its namespaces."""
        self._cluster = cluster
        self._folder = folder
        self._name = name
        self._runner = runner
        self._pool: urllib3.PoolManager = open_admin_pool(cluster)
        self._numbers = itertools.count()

    def close(self) -> None:
        self._pool.clear()

    def open_api(self) -> AdminApi:
        """Requests as the administrator, past every proxy; one for each thread."""
        return AdminApi(self._cluster.server, ca=self._cluster.ca_file, user=self._cluster.certificates.admin)

    def name_namespaces(self, count: int) -> list[str]:
        return [f"{self._name}-{next(self._numbers)}" for _ in range(count)]

    def write_repository(self, namespaces: dict[str, Story]) -> Path:
        return write_repository(self._folder / f"{next(self._numbers)}.git", namespaces)

    def run(
        self,
        repository: Path,
        namespace: str,
        stage: int,
        *options: str,
        fault: Fault | None = None,
        at: int = 0,
    ) -> tuple[Ended, FaultyProxy]:
        """One run through a proxy of its own, and that proxy once all has arrived that was on its way."""
        with FaultyProxy(self._cluster.server, fault=fault, at=at, pool=self._pool) as proxy:
            kubeconfig = write_kubeconfig(self._folder / f"{next(self._numbers)}.kubeconfig", proxy)
            # The next run waits for the Lease of one that was killed; one without a fault must not lose its
            # own on a busy machine.
            lease = f"{LEASE if fault else 30}s"
            ended = self._runner.run(
                *(*_SYNC, "--lease-duration", lease, "--kubeconfig", str(kubeconfig), *options),
                *("--repository", str(repository), "--ref", name_branch(namespace, stage)),
                folder=self._folder,
                started=proxy.aim,
            )
            proxy.settle()
            kubeconfig.unlink()
        return ended, proxy


def play_references(stand: Stand) -> dict[str, tuple[Reference, ...]]:
    """Each story without a fault."""
    names = dict(zip(stand.name_namespaces(len(STORIES)), STORIES, strict=True))
    repository = stand.write_repository({namespace: STORIES[story] for namespace, story in names.items()})
    api = stand.open_api()
    found: dict[str, tuple[Reference, ...]] = {}
    for namespace, story in names.items():
        make_namespace(api, namespace)
        stages = []
        for number, stage in enumerate(STORIES[story]):
            prepare_by_hand(api, namespace, stage)
            ended, proxy = stand.run(repository, namespace, number)
            assert ended.code == 0, f"{story}, {stage.name}, without a fault: {quote(ended)}"
            state = read_state(api, namespace)
            stages.append(Reference(ends=state, requests=len(proxy.requests)))
        found[story] = tuple(stages)
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
            ended, _ = stand.run(repository, namespace, number)
            assert ended.code == 0, f"{story}, {stage.name}, between two cases: {quote(ended)}"
            continue
        result = _play(case, stand, repository, namespace, api, references[story][number].ends)
        done.append(result)
        if result.problems:
            return done, {key: case for key, case in left.items() if key > number}
    return done, {}


def _play(case: Case, stand: Stand, repository: Path, namespace: str, api: AdminApi, wanted: State) -> Played:
    before = read_state(api, namespace)
    disturbed, faulty = stand.run(repository, namespace, case.stage, fault=case.fault, at=case.at)
    after = read_state(api, namespace)
    # What failed for reasons of its own is not tried again at once, unless a person asks for it.
    options = ("--now",) if disturbed.code == 1 else ()
    repairing, counting = stand.run(repository, namespace, case.stage, *options)
    repaired = read_state(api, namespace)
    problems = [
        *check_disturbed(
            before=before,
            after=after,
            wanted=wanted,
            fault=case.fault if faulty.hit else None,
            ended=disturbed,
            requests=faulty.requests,
        ),
        *check_repaired(
            before=after, after=repaired, wanted=wanted, ended=repairing, requests=counting.requests
        ),
    ]
    weights = case.stage_name == "update"
    step = find_step(faulty.requests, case.at, weights=weights) if faulty.hit else None
    return Played(case=case, step=step, request=faulty.hit, problems=tuple(problems))
