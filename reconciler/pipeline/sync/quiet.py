"""The quiet path: a run that finds everything as the last whole run left it, and asks for no more than that.

Nothing is fetched, parsed or rendered: the commit is the one that was applied, and every object is in the
version in which it was found as declared. One request for the records of all targets, and for each target a
list of each kind, of metadata alone. Whatever differs, cannot be read or is not understood ends this path,
and the whole run is made as if there were no such path. It loads neither declarations nor templates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.apply.clock import Clock
from reconciler.apply.parallel import run_parallel
from reconciler.apply.recorder import HEARTBEAT, beat
from reconciler.clients.cluster.interface import Cluster, ObjectMetadata, RightMissing
from reconciler.clients.cluster.kinds import CONFIG_MAP, DEPLOYMENT
from reconciler.observe.inventory import (
    FAILURE_ANNOTATION,
    HEARTBEAT_ANNOTATION,
    ID_LABEL,
    QUIET_ANNOTATION,
    decode_record,
    find_part_of,
)
from reconciler.observe.live import WORKLOAD_SELECTOR
from reconciler.observe.texts import Unreadable, read_time
from reconciler.pipeline.sync.marks import (
    QuietMark,
    QuietTerms,
    decode_mark,
    digest_content,
    digest_seen,
    is_valid,
)
from reconciler.render.applyset import parent_name
from reconciler.state.objects import ENVIRONMENT_LABEL, MANAGED_BY_LABEL, PART_OF_LABEL, LiveObject
from reconciler.state.observations import Health, HealthWord
from reconciler.state.plans import Plan
from reconciler.state.runs import Run, TargetRun
from reconciler.state.targets import Target

RECORD_SELECTOR = f"{MANAGED_BY_LABEL}=modelsync,{ENVIRONMENT_LABEL}"
_CONNECTIONS = 8
"""How many lists are asked for at once."""

_DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTarget:
    """A target's record as it was read, and the mark in it."""

    target: Target
    live: LiveObject
    mark: QuietMark


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """What there is of a target now."""

    objects: tuple[ObjectMetadata, ...]
    workloads: tuple[ObjectMetadata, ...]

    def digest(self) -> str:
        return digest_seen(self.objects, self.workloads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Records of targets; `complete` if they are all that the cluster has of those that were asked for."""

    items: tuple[LiveObject, ...] = ()
    complete: bool = False


NO_RECORDS = Records()


def find_records(cluster: Cluster, names: Sequence[str]) -> Records:
    """The records that the caller may read; none where it may not. Raises ClusterError.

    The account of a CronJob gets the one in its own namespace by name; whoever may list all asks once.

    What is not seen then: that another namespace serves the environment as well. That takes a branch that is
    set back to the very commit of the mark, after another commit had moved the environment and was synced
    there (a commit that reverts it has a name of its own, and ends the quiet path). The account of a CronJob
    may not look elsewhere in any case; for others it is told once the mark ends, within the hour.
    """
    try:
        # Where nobody chose a namespace there is hardly ever a target in it.
        if len(names) == 1 and cluster.namespace != _DEFAULT_NAMESPACE:
            own = cluster.reader.get(CONFIG_MAP, cluster.namespace, parent_name(names[0]))
            if own is not None:
                return Records(items=(own,))
        # Those of others may be many and large, so they are read only where all are meant.
        chosen = f" in ({','.join(sorted(names))})" if names else ""
        listed = cluster.reader.list(CONFIG_MAP, "", label_selector=f"{RECORD_SELECTOR}{chosen}")
    except RightMissing:
        return NO_RECORDS
    return Records(items=listed, complete=True)


def run_quietly(
    names: Sequence[str],
    records: Sequence[LiveObject],
    terms: QuietTerms,
    revision: str,
    *,
    cluster: Cluster,
    clock: Clock,
    waits: bool = False,
) -> Run | None:
    """The run, if nothing moved since all of its targets were found as declared; None where that is not sure.

    `names` are the environments that were asked for (none: all of the cluster), `terms` those of this run.
    With `waits` a target that is getting ready is not for this path. Raises ClusterError.
    """
    known = choose_targets(names, records, terms, clock.now())
    if not known or (waits and any(_is_waiting(item.mark) for item in known)):
        return None
    seen = _list_all(known, cluster)
    if any(listed.digest() != item.mark.seen for item, listed in zip(known, seen, strict=True)):
        return None
    for item in known:
        _keep_alive(item, cluster, clock.now())
    return Run(
        revision=revision,
        targets=tuple(_tell(item, listed, revision) for item, listed in zip(known, seen, strict=True)),
    )


def choose_targets(
    names: Sequence[str], records: Sequence[LiveObject], terms: QuietTerms, now: datetime
) -> tuple[KnownTarget, ...]:
    """The targets that the marks in these records speak of, by environment; none unless they speak of all."""
    known: dict[str, KnownTarget] = {}
    for live in records:
        item = _read(live)
        if item is None or not is_valid(item.mark, terms, now):
            continue
        if item.target.environment in known:
            return ()
        known[item.target.environment] = item
    wanted = set(names) or _find_all(known, records)
    if not wanted or not wanted <= set(known):
        return ()
    return tuple(known[name] for name in sorted(wanted))


def _find_all(known: Mapping[str, KnownTarget], records: Sequence[LiveObject]) -> set[str]:
    """All environments that this cluster should have; none if the marks disagree, or a stranger appeared."""
    said = {(item.mark.terms.environments, item.mark.terms.others) for item in known.values()}
    if len(said) != 1:
        return set()
    environments, others = said.pop()
    strangers = {name_record(live) for live in records} - {name_record(item.live) for item in known.values()}
    return set(environments) if strangers <= set(others) else set()


def name_record(live: LiveObject) -> str:
    """A record as marks name it."""
    return f"{live.key.namespace}/{live.key.name}"


def _read(live: LiveObject) -> KnownTarget | None:
    """The target that a record is for; None for one that carries no mark, or not as we left it."""
    mark = decode_mark(live.annotations.get(QUIET_ANNOTATION, ""))
    if FAILURE_ANNOTATION in live.annotations:
        # The next whole run takes it away again.
        return None
    if mark is None or live.deleting or mark.record != digest_content(live.body):
        return None
    name = live.labels.get(ENVIRONMENT_LABEL, "")
    target = Target(environment=name, namespace=live.key.namespace, cluster=mark.cluster)
    if live.key.name != parent_name(name) or live.labels.get(ID_LABEL) != find_part_of(target):
        return None
    return KnownTarget(target=target, live=live, mark=mark)


def _is_waiting(mark: QuietMark) -> bool:
    return any(item.word is HealthWord.IN_PROGRESS for item in mark.health)


def _list_all(known: Sequence[KnownTarget], cluster: Cluster) -> tuple[_Listed, ...]:
    wanted = [(item.target.namespace, kind) for item in known for kind in (*item.mark.kinds, DEPLOYMENT)]

    def ask(place: int) -> tuple[ObjectMetadata, ...]:
        namespace, kind = wanted[place]
        selector = WORKLOAD_SELECTOR if kind == DEPLOYMENT else ""
        return cluster.reader.list_metadata(kind, namespace, label_selector=selector)

    places = range(len(wanted))
    told = dict(run_parallel(places, ask, limit=_CONNECTIONS, go_on=lambda: True))
    answers = (told[place] for place in places)
    return tuple(
        _Listed(
            objects=tuple(live for _ in item.mark.kinds for live in next(answers)), workloads=next(answers)
        )
        for item in known
    )


def _keep_alive(item: KnownTarget, cluster: Cluster, now: datetime) -> None:
    """Mark the record as seen alive where it is time to. Best effort, and the quiet mark stays as it is."""
    try:
        beaten = read_time(item.live.annotations.get(HEARTBEAT_ANNOTATION, ""))
    except Unreadable:
        beaten = None
    if beaten is None or not timedelta(0) <= now - beaten < HEARTBEAT:
        beat(cluster, item.target, decode_record(item.live, item.target), now)


def _tell(item: KnownTarget, listed: _Listed, revision: str) -> TargetRun:
    """The run that the whole one would have told: it found what it found before."""
    part_of = find_part_of(item.target)
    ours = tuple(live.key for live in listed.objects if live.labels.get(PART_OF_LABEL) == part_of)
    open_ones = {health.key: health for health in item.mark.health}
    return TargetRun(
        target=item.target,
        revision=revision,
        outcome=item.mark.outcome,
        plan=Plan(target=item.target, revision=revision, digest=item.mark.digest, unchanged=ours),
        health=tuple(open_ones.get(key, Health(key=key, word=HealthWord.CURRENT)) for key in ours),
        notes=item.mark.notes,
        requests=len(item.mark.kinds) + 1,
    )
