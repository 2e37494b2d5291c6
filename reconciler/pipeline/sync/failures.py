"""Runs that end before they decide anything, told on the target's record where the cluster answers at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType

from reconciler.apply.clock import Clock
from reconciler.apply.events import Ending, record_events
from reconciler.apply.lease import LeaseError
from reconciler.clients.cluster.interface import (
    Cluster,
    ClusterError,
    ClusterMisconfigured,
    ClusterUnreachable,
    NamespaceMissing,
    NamespaceTerminating,
)
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.clients.source.interface import Source, SourceError, SourceUnreachable
from reconciler.observe.inventory import decode_record, encode_record
from reconciler.pipeline.outcomes import find_outcome
from reconciler.render.applyset import parent_name
from reconciler.state.figures import RunFailure
from reconciler.state.inventory import TargetRecord
from reconciler.state.objects import ObjectKey
from reconciler.state.outcomes import Outcome
from reconciler.state.runs import TargetRun
from reconciler.state.targets import Target

_MESSAGE_LIMIT = 2_000  # characters; all annotations of an object share 256 KiB

# Where nothing can be told: nobody listens, or there is no place to write to.
_SILENT = (ClusterUnreachable, ClusterMisconfigured, NamespaceMissing, NamespaceTerminating)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a run ended that decided nothing; `revision` and `author` are empty where it knew none.

    `lost` is the error where the repository did not answer.
    """

    outcome: Outcome
    message: str
    revision: str = ""
    author: str = ""
    lost: SourceUnreachable | None = None


def tell_error(
    cluster: Cluster, target: Target, error: ClusterError, failure: Failure, now: datetime
) -> None:
    """Tell of a run that an error of the cluster ended, as far as that error lets anything through.

    What concerns the Lease is told by an Event alone: another run is writing the record.
    """
    if not isinstance(error, _SILENT):
        tell_failure(cluster, target, failure, now, note=not isinstance(error, LeaseError))


class DefectWatch:
    """Tells of a run of a target that an error ends which nobody foresaw; the error goes on.

    Its text is told where it is caught, and nowhere else: it may hold anything.
    """

    def __init__(self, cluster: Cluster, target: Target, revision: str, clock: Clock) -> None:
        self._cluster, self._target, self._revision, self._clock = cluster, target, revision, clock

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What ends the process itself is no defect.
        if not isinstance(error, Exception) or find_outcome(error) is not None:
            return
        message = f"a defect of modelsync ({type(error).__name__}); the log of the run shows where"
        failure = Failure(outcome=Outcome.DEFECT, message=message, revision=self._revision)
        tell_failure(self._cluster, self._target, failure, self._clock.now())


def tell_failure(
    cluster: Cluster, target: Target, failure: Failure, now: datetime, *, note: bool = True
) -> None:
    """Write an Event on the target's record and, with `note`, the failure into it; best effort.

    A failure that the record tells already is not told again. Without a record that can be trusted nothing is
    told: a namespace that was never synced to, or is somebody else's, is left alone.
    """
    key = _name_record(target)
    try:
        live = cluster.reader.get(CONFIG_MAP, target.namespace, key.name)
        record = decode_record(live, target)
        if not record.exists or record.forged:
            return
        told = RunFailure(
            at=now,
            revision=failure.revision,
            outcome=int(failure.outcome),
            message=failure.message[:_MESSAGE_LIMIT],
            seen=_find_seen(failure.lost, record),
        )
        if record.failure is not None and replace(record.failure, at=now) == told:
            return
        if note:
            # Its resourceVersion proves that nothing else moved, so this needs no Lease, like the heartbeat.
            cluster.writer.replace(key, encode_record(replace(record, failure=told), target))
    except ClusterError:
        return
    record_events(
        cluster,
        target,
        results=(),
        record=record,
        revision=failure.revision,
        author=failure.author,
        now=now,
        ending=Ending(outcome=failure.outcome, message=failure.message),
    )


def _find_seen(lost: SourceUnreachable | None, record: TargetRecord) -> datetime | None:
    """When the repository that was `lost` last answered; where nobody else remembers, the record may."""
    if lost is None:
        return None
    if lost.seen is not None:
        return lost.seen.replace(microsecond=0)
    return record.failure.seen if record.failure is not None else None


def tell_run(
    cluster: Cluster, run: TargetRun, author: str, now: datetime, lost: SourceUnreachable | None = None
) -> None:
    """Tell of a target's part of a run that ended without looking at the target: unreadable, or vanished, or
    the repository was `lost` meanwhile.

    Where its namespace is not known, the caller's own is looked into.
    """
    target = run.target
    if not target.namespace:
        target = replace(target, namespace=cluster.namespace)
    refusals = run.plan.refusals if run.plan is not None else ()
    message = run.message or "; ".join(f"refused by {item.rule}: {item.message}" for item in refusals)
    failure = Failure(outcome=run.outcome, message=message, revision=run.revision, author=author, lost=lost)
    tell_failure(cluster, target, failure, now)


def tell_outage(cluster: Cluster, run: TargetRun, seen: datetime, reason: str, now: datetime) -> None:
    """Note on a target's record that a run went on with what the repository said at `seen`; best effort.

    Once for an outage: it stays until a run reaches the repository again.
    """
    key = _name_record(run.target)
    moment = seen.replace(microsecond=0)
    try:
        record = decode_record(cluster.reader.get(CONFIG_MAP, key.namespace, key.name), run.target)
        known = record.failure.seen if record.failure is not None and record.failure.went_on else None
        if not record.exists or record.forged or known == moment:
            return
        told = RunFailure(
            at=now,
            revision=run.revision,
            outcome=int(run.outcome),
            message=reason[:_MESSAGE_LIMIT],
            seen=moment,
            went_on=True,
        )
        cluster.writer.replace(key, encode_record(replace(record, failure=told), run.target))
    except ClusterError:
        return


def tell_lost_source(cluster: Cluster, names: tuple[str, ...], failure: Failure, now: datetime) -> None:
    """Tell of a run that could not read declarations, on the records of the environments that it was for.

    Without declarations their namespaces are not known; the caller's own is looked into, which is the
    target's where a CronJob runs.
    """
    for name in names:
        tell_failure(cluster, Target(environment=name, namespace=cluster.namespace), failure, now)


def _name_record(target: Target) -> ObjectKey:
    return ObjectKey(kind=CONFIG_MAP, namespace=target.namespace, name=parent_name(target.environment))


def ask_author(source: Source, sha: str) -> Callable[[], str]:
    """Who made the commit, by name; empty where the repository cannot say. Asked for once."""
    known: list[str] = []

    def find() -> str:
        if not known:
            known.append(_read_author(source, sha))
        return known[0]

    return find


def _read_author(source: Source, sha: str) -> str:
    try:
        return source.read_commit(sha).author
    except SourceError:
        return ""
