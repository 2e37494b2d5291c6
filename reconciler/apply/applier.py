"""Applies a plan: the record first, then a rehearsal of every change, then the changes, then prunes.

The order is the one that survives a kill between any two requests: what is about to become ours is
recorded before it exists, and what is to go leaves the record only after it is proven absent. The caller
holds the Lease and planned on what was observed under it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.apply.entries import settle_entries, widen_entries
from reconciler.apply.lease import Fence, LeaseLost
from reconciler.apply.prune import prune_objects
from reconciler.apply.recorder import Save
from reconciler.apply.results import Applied, Report
from reconciler.apply.write import Refusal, apply_change
from reconciler.clients.cluster.interface import Cluster, ClusterError
from reconciler.state.inventory import ObjectResult
from reconciler.state.objects import LiveObject, Manifest, ObjectKey
from reconciler.state.observations import Observation
from reconciler.state.plans import Action, Change, Op, Plan


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
) -> Applied:
    """Make the changes of `plan`, which was decided on `observation`.

    `manifests` are all desired ones of the target; `part_of` is its ApplySet ID; `save` stores a record and
    returns it as stored. If the rehearsal finds an object that the API server would refuse, nothing of the
    target is written. Once writing began, one object's failure does not keep the others from being tried.
    Raises ClusterError only while nothing was written yet but the record.
    """
    record = save(
        replace(
            observation.record,
            entries=widen_entries(observation.record.entries, plan, observation.objects, part_of=part_of),
        )
    )
    run = _Run(plan=plan, cluster=cluster, part_of=part_of, fence=fence, report=report)
    run.skip(plan.select(Op.SKIP))
    if run.rehearse():
        run.write()
        run.prune()
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

    def __init__(self, *, plan: Plan, cluster: Cluster, part_of: str, fence: Fence, report: Report) -> None:
        self._plan = plan
        self._cluster = cluster
        self._part_of = part_of
        self._fence = fence
        self._report = report
        self._results: dict[ObjectKey, ObjectResult] = {}
        self.applied: dict[ObjectKey, LiveObject] = {}
        self.absent: frozenset[ObjectKey] = frozenset()
        self.stopped: ClusterError | None = None
        self.wrote = False

    def skip(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._tell(change.key, Action.SKIPPED, change.reason)

    def rehearse(self) -> bool:
        """Dry-run every changed object; whether writing may begin.

        A field conflict concerns its object alone; anything else that is refused blocks the target.
        """
        refused: list[ObjectResult] = []
        held: list[ObjectResult] = []
        for change in self._plan.select(Op.CREATE, Op.UPDATE):
            try:
                outcome = apply_change(change, self._cluster.reader, self._cluster.dry_run, self._plan.target)
            except ClusterError as error:
                self._stop(error)
                return False
            if isinstance(outcome, Refusal):
                result = ObjectResult(key=change.key, action=Action.FAILED, message=outcome.message)
                (held if outcome.concerns_object_alone else refused).append(result)
        for result in (*refused, *held):
            self._tell(result.key, result.action, result.message)
        if refused:
            names = ", ".join(str(result.key) for result in refused)
            self._skip_rest(f"nothing of {self._plan.target} is written while {names} would be refused")
        return not refused

    def write(self) -> None:
        for change in self._plan.select(Op.CREATE, Op.UPDATE):
            if change.key in self._results or self.stopped is not None:
                continue
            try:
                self._fence.check()
                outcome = apply_change(change, self._cluster.reader, self._cluster.writer, self._plan.target)
            except ClusterError as error:
                if not isinstance(error, LeaseLost):
                    self._tell(change.key, Action.FAILED, str(error))
                self._stop(error)
                return
            if isinstance(outcome, Refusal):
                self._tell(change.key, Action.FAILED, outcome.message)
                continue
            self.applied[change.key] = outcome.live
            self.wrote = self.wrote or outcome.action is not Action.UNCHANGED
            self._tell(change.key, outcome.action, outcome.message)

    def prune(self) -> None:
        changes = self._plan.select(Op.DELETE)
        if not changes or self.stopped is not None:
            return
        pruned = prune_objects(
            changes,
            self._cluster,
            namespace=self._plan.target.namespace,
            part_of=self._part_of,
            fence=self._fence,
        )
        self.absent = pruned.absent
        self.wrote = self.wrote or any(result.action is Action.DELETED for result in pruned.results)
        for result in pruned.results:
            self._tell(result.key, result.action, result.message)
        if pruned.stopped is not None:
            self._stop(pruned.stopped)

    def collect(self) -> tuple[ObjectResult, ...]:
        return tuple(self._results[change.key] for change in self._plan.changes)

    def _stop(self, error: ClusterError) -> None:
        self.stopped = error
        self._skip_rest("not tried: the run stopped before it")

    def _skip_rest(self, why: str) -> None:
        for change in self._plan.changes:
            if change.key not in self._results:
                self._tell(change.key, Action.SKIPPED, why)

    def _tell(self, key: ObjectKey, action: Action, message: str) -> None:
        result = ObjectResult(key=key, action=action, message=message)
        self._results[key] = result
        self._report(result)
