"""Applies a plan: the record first, then a rehearsal of every change, then the changes, then prunes.

The order is the one that survives a kill between any two requests: what is about to become ours is
recorded before it exists, and what is to go leaves the record only after it is proven absent. The caller
holds the Lease and planned on what was observed under it.

Objects that need not wait for each other are written at once. The first error that is not about one object
alone ends the run: nothing new is begun, what is in flight is waited for and told as it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby

from reconciler.apply.clock import Clock, SystemClock
from reconciler.apply.entries import settle_entries, widen_entries
from reconciler.apply.lease import Fence, LeaseLost
from reconciler.apply.parallel import run_parallel
from reconciler.apply.prune import prune_objects
from reconciler.apply.recorder import Save
from reconciler.apply.results import Applied, Report
from reconciler.apply.stop import Interrupted, Stop
from reconciler.apply.write import Refusal, Written, apply_change, describe_unseen, rehearse_change
from reconciler.clients.cluster.interface import PARALLEL, Cluster, ClusterError, ClusterReader, ClusterWriter
from reconciler.plan.order import rank
from reconciler.state.inventory import ObjectResult
from reconciler.state.objects import LiveObject, Manifest, ObjectKey
from reconciler.state.observations import Observation
from reconciler.state.plans import Action, Change, Op, Plan
from reconciler.state.targets import Target

_Outcome = Written | Refusal | ClusterError
_Write = Callable[[Change, ClusterReader, ClusterWriter, Target], Written | Refusal]


def apply_plan(
    plan: Plan,
    cluster: Cluster,
    *,
    observation: Observation,
    manifests: tuple[Manifest, ...],
    part_of: str,
    fence: Fence,
    save: Save,
    report: Report,
    clock: Clock | None = None,
    stop: Stop | None = None,
) -> Applied:
    """Make the changes of `plan`, which was decided on `observation`.

    `manifests` are all desired ones of the target; `part_of` is its ApplySet ID; `save` stores a record and
    returns it as stored; `stop` is asked between objects. If the rehearsal finds an object that the API
    server would refuse, nothing of the target is written. Once writing began, one object's failure does not
    keep the others from being tried. Results are reported, and come back, in the plan's order.
    Raises ClusterError only while nothing was written yet but the record.
    """
    stop = stop or Stop()
    stop.check()
    record = save(
        replace(
            observation.record,
            entries=widen_entries(observation.record.entries, plan, observation.objects, part_of=part_of),
        )
    )
    run = _Run(plan=plan, cluster=cluster, part_of=part_of, fence=fence, report=report, stop=stop)
    run.skip(plan.select(Op.SKIP))
    if run.rehearse():
        run.write()
        run.prune(clock or SystemClock())
    run.end()
    live = {item.key: item for item in observation.objects}
    for key in run.absent:
        live.pop(key, None)
    return Applied(
        results=run.collect(),
        record=replace(
            record,
            entries=settle_entries(
                record.entries,
                plan,
                live.values(),
                part_of=part_of,
                manifests=manifests,
                applied=run.applied,
            ),
        ),
        stopped=run.stopped,
        wrote=run.wrote,
    )


class _Run:
    """The state of one application: what is known of each change so far."""

    def __init__(
        self, *, plan: Plan, cluster: Cluster, part_of: str, fence: Fence, report: Report, stop: Stop
    ) -> None:
        self._plan = plan
        self._cluster = cluster
        self._writer = cluster.writer.guard(fence.check)
        self._part_of = part_of
        self._fence = fence
        self._report = report
        self._stop_wish = stop
        self._results: dict[ObjectKey, ObjectResult] = {}
        self._told = 0
        self.applied: dict[ObjectKey, LiveObject] = {}
        self.absent: frozenset[ObjectKey] = frozenset()
        self.stopped: ClusterError | None = None
        self.wrote = False

    def skip(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._note(change.key, Action.SKIPPED, change.reason)

    def rehearse(self) -> bool:
        """Dry-run every changed object; whether writing may begin.

        A field conflict concerns its object alone; anything else that is refused blocks the target.
        """
        refused: dict[ObjectKey, Refusal] = {}
        for change, outcome in self._try_all(self._writes(), self._cluster.dry_run, rehearse_change):
            if isinstance(outcome, Refusal):
                refused[change.key] = outcome
        if self._ends():
            return False
        for key, refusal in refused.items():
            self._note(key, Action.FAILED, refusal.message)
        names = ", ".join(str(key) for key in sorted(refused) if not refused[key].concerns_object_alone)
        if names:
            self._skip_rest(f"nothing of {self._plan.target} is written while {names} would be refused")
        return not names

    def write(self) -> None:
        """Create and update, those that may be made at once together."""
        changes = tuple(change for change in self._writes() if change.key not in self._results)
        for _, group in groupby(sorted(changes, key=rank), key=rank):
            for change, outcome in self._try_all(tuple(group), self._writer, apply_change):
                self._note_written(change, outcome)

    def prune(self, clock: Clock) -> None:
        """Delete what is to go, in the same manner."""
        changes = self._plan.select(Op.DELETE)
        if not changes or self._ends():
            return
        pruned = prune_objects(
            tuple(tuple(group) for _, group in groupby(sorted(changes, key=rank), key=rank)),
            self._cluster,
            namespace=self._plan.target.namespace,
            part_of=self._part_of,
            fence=self._fence,
            clock=clock,
            stop=self._stop_wish,
        )
        self.absent = pruned.absent
        self.wrote = self.wrote or pruned.sent
        for result in pruned.results:
            self._note(result.key, result.action, result.message)
        if pruned.stopped is not None:
            self._stop(pruned.stopped)

    def end(self) -> None:
        """Say of what was not begun that it was not."""
        if self._ends():
            self._skip_rest("not tried: the run stopped before it")

    def collect(self) -> tuple[ObjectResult, ...]:
        return tuple(self._results[change.key] for change in self._plan.changes)

    def _writes(self) -> tuple[Change, ...]:
        return self._plan.select(Op.CREATE, Op.UPDATE)

    def _try_all(
        self, changes: tuple[Change, ...], writer: ClusterWriter, write: _Write
    ) -> Iterable[tuple[Change, _Outcome]]:
        def attempt(change: Change) -> _Outcome:
            try:
                return write(change, self._cluster.reader, writer, self._plan.target)
            except ClusterError as error:
                # At once, so that no other thread begins anything after it.
                self._stop(error)
                return error

        return run_parallel(changes, attempt, limit=PARALLEL, go_on=lambda: not self._ends())

    def _note_written(self, change: Change, outcome: _Outcome) -> None:
        if isinstance(outcome, ClusterError):
            # One that was lost before the first try says nothing of the object.
            if outcome.unseen or not isinstance(outcome, LeaseLost):
                self._note(change.key, Action.FAILED, describe_unseen(outcome))
                self.wrote = self.wrote or outcome.unseen
        elif isinstance(outcome, Refusal):
            self._note(change.key, Action.FAILED, outcome.message)
        else:
            self.applied[change.key] = outcome.live
            self.wrote = self.wrote or outcome.action is not Action.UNCHANGED
            self._note(change.key, outcome.action, outcome.message)

    def _ends(self) -> bool:
        if self.stopped is None and self._stop_wish.requested:
            self.stopped = Interrupted(self._stop_wish.signal_name)
        return self.stopped is not None

    def _stop(self, error: ClusterError) -> None:
        self.stopped = self.stopped or error

    def _skip_rest(self, why: str) -> None:
        for change in self._plan.changes:
            if change.key not in self._results:
                self._note(change.key, Action.SKIPPED, why)

    def _note(self, key: ObjectKey, action: Action, message: str) -> None:
        self._results[key] = ObjectResult(key=key, action=action, message=message)
        # Told in the plan's order, as far as it is known without a gap.
        while self._told < len(self._plan.changes):
            result = self._results.get(self._plan.changes[self._told].key)
            if result is None:
                return
            self._report(result)
            self._told += 1
