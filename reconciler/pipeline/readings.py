"""Reads targets for those who only look. Writes nothing, and asks for no declarations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.clients.cluster.interface import (
    ClusterError,
    ClusterMisconfigured,
    ClusterReader,
    ClusterUnreachable,
    RightMissing,
)
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.observe.inventory import ID_LABEL, decode_record, find_part_of
from reconciler.observe.routes import read_routes
from reconciler.plan.shares import read_shares
from reconciler.render.applyset import parent_name
from reconciler.state.inventory import TargetRecord
from reconciler.state.objects import (
    ENVIRONMENT_LABEL,
    MANAGED_BY_LABEL,
    PART_OF_LABEL,
    SELDON_DEPLOYMENT,
    LiveObject,
)
from reconciler.state.readings import ReadFailure, Readings, ReadProblem, TargetReading
from reconciler.state.routes import Routes
from reconciler.state.targets import Target

_RECORDS = f"{MANAGED_BY_LABEL}=modelsync,{ENVIRONMENT_LABEL},{ID_LABEL}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which targets to read: environments (none: all, by the label of their records) in namespaces.

    Without namespaces, named environments are looked for in the caller's own (`home`), all others everywhere.
    """

    environments: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    home: str = "default"


def read_targets(reader: ClusterReader, scope: Scope) -> Readings:
    """All targets of the scope, by environment and namespace; what cannot be read is among the failures."""
    targets: list[TargetReading] = []
    failures: list[ReadFailure] = []
    try:
        for name, namespace, live in _find_records(reader, scope):
            target = Target(environment=name, namespace=namespace)
            record = decode_record(live, target)
            if live is None or record.forged:
                failures.append(_judge_record(target, live))
                continue
            reading, failure = _read_traffic(reader, target, record)
            targets.append(reading)
            failures += [failure] if failure is not None else []
    except ClusterError as error:
        # What was read so far is as it was; who asks is told that there may be more.
        failures.append(_judge(error))
    targets.sort(key=lambda item: item.target)
    return Readings(targets=tuple(targets), failures=tuple(failures))


def _find_records(reader: ClusterReader, scope: Scope) -> Iterator[tuple[str, str, LiveObject | None]]:
    """Environment, namespace and ConfigMap; by name where names were given, which takes no right to list."""
    if scope.environments:
        for namespace in scope.namespaces or (scope.home,):
            for name in scope.environments:
                yield name, namespace, reader.get(CONFIG_MAP, namespace, parent_name(name))
        return
    for namespace in scope.namespaces or ("",):
        for live in reader.list(CONFIG_MAP, namespace, label_selector=_RECORDS):
            name = live.labels[ENVIRONMENT_LABEL]
            # A copy under another name is no record; its series would be told twice.
            if live.key.name == parent_name(name):
                yield name, live.key.namespace, live


def _judge_record(target: Target, live: LiveObject | None) -> ReadFailure:
    name = f"ConfigMap/{parent_name(target.environment)} in namespace {target.namespace}"
    if live is None:
        return ReadFailure(
            problem=ReadProblem.RECORD_MISSING,
            message=f"{name} is not there; the first modelsync sync {target.environment} makes it",
        )
    return ReadFailure(
        problem=ReadProblem.RECORD_UNREADABLE,
        message=f"{name} is not as modelsync wrote it; the next modelsync sync {target.environment} makes it "
        "anew",
    )


def _read_traffic(
    reader: ClusterReader, target: Target, record: TargetRecord
) -> tuple[TargetReading, ReadFailure | None]:
    """What is applied and routed now: unknown, not zero, where it cannot be read."""
    try:
        objects = reader.list(
            SELDON_DEPLOYMENT, target.namespace, label_selector=f"{PART_OF_LABEL}={find_part_of(target)}"
        )
    except (ClusterUnreachable, ClusterMisconfigured):
        raise
    except ClusterError as error:
        unknown = Routes(unknown="what is applied is not known")
        return TargetReading(target=target, record=record, routes=unknown), _judge(error)
    applied = {live.key.name: read_shares(live.body) for live in objects}
    routes = Routes(unknown="the record does not name the ingress")
    if record.standing is not None and record.standing.ingress:
        routes = read_routes(reader, target.namespace, record.standing.ingress, objects)
    reading = TargetReading(target=target, record=record, applied=applied, routes=routes)
    if not routes.unknown:
        return reading, None
    return reading, ReadFailure(
        problem=ReadProblem.OTHER, message=f"{target}: what is routed is not known: {routes.unknown}"
    )


def _judge(error: ClusterError) -> ReadFailure:
    problem = ReadProblem.OTHER
    if isinstance(error, RightMissing):
        problem = ReadProblem.RIGHT_MISSING
    elif isinstance(error, ClusterUnreachable | ClusterMisconfigured):
        problem = ReadProblem.UNREACHABLE
    return ReadFailure(problem=problem, message=str(error))
