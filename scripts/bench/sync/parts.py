"""What is measured of a sync, part by part, on one API server."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from functools import partial
from pathlib import Path

from scripts.bench.measure import BenchError
from scripts.bench.sync.bars import LATENCY
from scripts.bench.sync.flux import Flux
from scripts.bench.sync.kubectl import Kubectl
from scripts.bench.sync.limits import Limits
from scripts.bench.sync.manifests import render_all
from scripts.bench.sync.ours import RETIRED, Ours
from scripts.bench.sync.stage import Client, Stage
from scripts.bench.sync.uses import FLUX, KUBECTL, KUBECTL_DIFF, LIMIT, OURS, Step, Subject, Use
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.errors import ClusterError

Uses = dict[tuple[Subject, str], list[Use]]
_KEPT = 1  # of each environment after a prune


class Part(str, Enum):
    """A part of the measurement that can be asked for alone."""

    SYNC = "sync"
    LIMITS = "limits"
    LATENCY = "latency"
    GROWTH = "growth"
    MEMORY = "memory"


def measure_sync(
    parts: Collection[Part], *, objects: Sequence[int], rounds: int, tell: Callable[[str], None]
) -> Uses:
    """Measure these parts; `objects` are the numbers of them that everybody is measured on.

    Raises BenchError when a program cannot be had or does not end well.
    """
    uses: Uses = {}
    try:
        with _open_stage() as stage:
            bench = _Bench(stage, uses, tell)
            if Part.SYNC in parts or Part.LIMITS in parts:
                for number in objects:
                    bench.compare(number, rounds, peers=Part.SYNC in parts)
            if Part.LATENCY in parts:
                bench.slow_down(objects[0], min(rounds, 3))
            if Part.GROWTH in parts:
                bench.grow((100, 5000))
            if Part.MEMORY in parts:
                bench.fill(10_000)
    except ClusterError as error:
        raise BenchError(f"the API server could not be had: {error}") from error
    return dict(sorted(uses.items(), key=lambda item: _rank(item[0][0])))


@contextmanager
def _open_stage() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="modelsync-bench-") as folder, LocalCluster() as cluster:
        yield Stage(cluster, Path(folder))


class _Bench:
    def __init__(self, stage: Stage, uses: Uses, tell: Callable[[str], None]) -> None:
        self._stage = stage
        self._uses = uses
        self._tell = tell
        self._flux: Flux | None = None

    def compare(self, objects: int, rounds: int, *, peers: bool) -> None:
        """Everybody in turns, each on empty namespaces. A round before the first is not counted."""
        ours = Ours(self._stage, objects)
        documents = render_all(ours.repository, self._stage.environments)
        if peers and self._flux is None:
            self._flux = Flux(self._stage)
        for number in range(rounds + 1):
            counted = number > 0
            self._tell(f"{objects} objects: {f'round {number} of {rounds}' if counted else 'warming up'}")
            self._run_ours(ours, objects, counted)
            if peers:
                # Five deletes in a second take minutes: once says it.
                self._run_kubectl(documents, objects, counted, prune=number == 1 and objects == 500)
                self._run_flux(documents, objects, counted)
            self._run_limits(documents, objects, counted)

    def slow_down(self, objects: int, rounds: int) -> None:
        """No-ops at a distance, of modelsync and of kubectl."""
        kubeconfig = self._stage.put_at_distance(LATENCY)
        subject = Subject(objects=objects, step=Step.NOOP, latency=LATENCY)
        self._tell(f"{subject}: {rounds} rounds")
        ours = Ours(self._stage, objects)
        kubectl = Kubectl(self._stage, render_all(ours.repository, self._stage.environments))
        ours.sync()
        ours.sync()
        for _ in range(rounds):
            self._take(subject, OURS, partial(ours.sync, kubeconfig=kubeconfig))
        self._stage.clear()
        kubectl.apply()
        for _ in range(rounds):
            self._take(subject, KUBECTL, partial(kubectl.apply, kubeconfig=kubeconfig))
        self._stage.clear()

    def grow(self, numbers: Sequence[int]) -> None:
        """modelsync and kubectl on other numbers of objects, once each.

        The first objects that a server stores wait until it has set itself up for them: they do not count.
        """
        self._run_ours(Ours(self._stage, min(numbers)), min(numbers), False, prune=False)
        for objects in numbers:
            self._tell(f"growth: {objects} objects")
            ours = Ours(self._stage, objects)
            self._run_ours(ours, objects, True, prune=False)
            documents = render_all(ours.repository, self._stage.environments)
            self._run_kubectl(documents, objects, True, prune=False)

    def fill(self, objects: int) -> None:
        """modelsync alone, once."""
        self._tell(f"memory: {objects} objects")
        self._run_ours(Ours(self._stage, objects), objects, True, prune=False)

    def _run_ours(self, ours: Ours, objects: int, counted: bool, *, prune: bool = True) -> None:
        self._take(Subject(objects=objects, step=Step.FIRST), OURS, ours.sync, counted)
        self._check(OURS, objects)
        # What the first apply left to be noted, such as health that became known, is no part of a no-op.
        ours.sync()
        self._take(Subject(objects=objects, step=Step.NOOP), OURS, ours.sync, counted)
        if prune:
            self._take(Subject(objects=objects, step=Step.PLAN), OURS, ours.plan, counted)
            self._take(Subject(objects=objects, step=Step.PRUNE), OURS, partial(ours.sync, RETIRED), counted)
            self._check(OURS, _KEPT * len(self._stage.environments))
        self._stage.clear()

    def _run_kubectl(
        self, documents: Mapping[str, tuple[str, ...]], objects: int, counted: bool, *, prune: bool
    ) -> None:
        kubectl = Kubectl(self._stage, documents)
        self._take(Subject(objects=objects, step=Step.FIRST), KUBECTL, kubectl.apply, counted)
        self._check(KUBECTL, objects)
        self._take(Subject(objects=objects, step=Step.NOOP), KUBECTL, kubectl.apply, counted)
        if objects <= 1000:
            self._take(Subject(objects=objects, step=Step.PLAN), KUBECTL_DIFF, kubectl.diff, counted)
        if prune:
            subject = Subject(objects=objects, step=Step.PRUNE)
            self._take(subject, KUBECTL, partial(kubectl.apply, keep=_KEPT), counted)
            self._check(KUBECTL, _KEPT * len(self._stage.environments))
        self._stage.clear()

    def _run_flux(self, documents: Mapping[str, tuple[str, ...]], objects: int, counted: bool) -> None:
        flux = self._flux
        if flux is None:
            return
        kept = {environment: texts[:_KEPT] for environment, texts in documents.items()}
        self._take(Subject(objects=objects, step=Step.FIRST), FLUX, partial(flux.first, documents), counted)
        self._check(FLUX, objects)
        self._take(Subject(objects=objects, step=Step.NOOP), FLUX, flux.noop, counted)
        self._take(Subject(objects=objects, step=Step.PRUNE), FLUX, partial(flux.prune, kept), counted)
        self._check(FLUX, _KEPT * len(self._stage.environments))
        flux.remove()
        self._stage.clear()

    def _run_limits(self, documents: Mapping[str, tuple[str, ...]], objects: int, counted: bool) -> None:
        limits = Limits(self._stage, documents)
        first, listed = Subject(objects=objects, step=Step.FIRST), Subject(objects=objects, step=Step.LIST)
        self._take(first, LIMIT, limits.rehearse_and_apply, counted)
        self._take(listed, f"{LIMIT}: five lists", limits.list_by_namespace, counted)
        self._take(listed, f"{LIMIT}: one list", limits.list_whole, counted)
        cached = partial(limits.list_whole, "resourceVersion=0")
        self._take(listed, f"{LIMIT}: from the cache", cached, counted)
        self._take(listed, f"{LIMIT}: metadata only", partial(limits.list_whole, metadata=True), counted)
        self._stage.clear()
        self._take(first, f"{LIMIT}: apply alone", limits.apply, counted)
        self._stage.clear()
        self._take(first, f"{LIMIT}: one connection", partial(limits.apply, 1), counted)
        self._stage.clear()

    def _take(self, subject: Subject, name: str, act: Callable[[], Client], counted: bool = True) -> None:
        use = self._stage.watch(act)
        if counted:
            self._uses.setdefault((subject, name), []).append(use)
            self._tell(f"  {subject}: {name} {use.seconds:.2f} s")

    def _check(self, name: str, objects: int) -> None:
        """What was not done takes no time, either."""
        found = self._stage.count_objects()
        if found != objects:
            raise BenchError(f"{name} left {found} objects where {objects} should be; its time says nothing")


def _rank(subject: Subject) -> tuple[int, int, int]:
    return subject.objects, list(Step).index(subject.step), subject.latency
