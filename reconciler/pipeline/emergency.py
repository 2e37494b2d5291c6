"""Break glass: back to a good set out of the target's record, with the caller's own rights and without git.

The record keeps the manifests of good sets that are not what is applied (bodies.py). One of them is applied
under the target's Lease, and a mark with an end says so: until then sync leaves the deployment alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from reconciler.apply.clock import Clock
from reconciler.apply.lease import LeaseTerms, TargetLease
from reconciler.apply.recorder import save_record
from reconciler.clients.cluster.interface import Cluster, NamespaceMissing, RightMissing
from reconciler.clients.cluster.kinds import CONFIG_MAP, LEASE
from reconciler.observe.inventory import ID_LABEL, decode_record, find_part_of
from reconciler.pipeline.refusals import EmergencyRefused
from reconciler.pipeline.rollback import choose_set, write_back
from reconciler.plan.holds import find_mark
from reconciler.plan.shares import read_shares
from reconciler.render.applyset import parent_name
from reconciler.settings import SettingsError
from reconciler.state.emergencies import Rollback
from reconciler.state.inventory import LONGEST_EMERGENCY, EmergencyMark, RunSummary, TargetRecord
from reconciler.state.objects import ENVIRONMENT_LABEL, MANAGED_BY_LABEL, SELDON_DEPLOYMENT, LiveObject
from reconciler.state.targets import Target

_SHORTEST = timedelta(minutes=1)
_REASON_LIMIT = 500  # characters
# What Kubernetes takes for names and label values (RFC 1123), so that neither can mean something else.
_NAME = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyRequest:
    """Which deployment, why and for how long. `namespace` is empty where it is to be found by its record.

    `by` names the caller where the API server does not tell who that is.
    """

    environment: str
    deployment: str
    reason: str
    duration: timedelta
    namespace: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyTools:
    """What an emergency works with. `holder` is its name in the Lease."""

    cluster: Cluster
    clock: Clock
    holder: str
    terms: LeaseTerms


def check_request(request: EmergencyRequest) -> None:
    """Raise SettingsError for what can be meant by nobody, or is longer than LONGEST."""
    for name in (request.environment, request.deployment):
        if not _NAME.fullmatch(name):
            raise SettingsError(f'"{name}" is no name; write ENV/DEPLOYMENT, such as production/wines.')
    if not _SHORTEST <= request.duration <= LONGEST_EMERGENCY:
        raise SettingsError(
            f"--for is {_describe(request.duration)}; an emergency may take 1 minute to 4 hours. "
            "What has to stay longer belongs into git: roll back there meanwhile."
        )
    if not request.reason.strip() or not request.reason.isprintable():
        raise SettingsError("--reason must say in one line why; it is shown to everybody meanwhile.")
    if len(request.reason) > _REASON_LIMIT:
        raise SettingsError(f"--reason is longer than {_REASON_LIMIT} characters.")


def prepare_rollback(request: EmergencyRequest, tools: EmergencyTools) -> Rollback:
    """What would be done, decided on what the cluster holds now. Writes nothing.

    Raises SettingsError for a request that cannot be meant, EmergencyRefused where there is nothing to go
    back to or it may not be, ClusterError.
    """
    check_request(request)
    reader = tools.cluster.reader
    target = find_target(tools.cluster, request.environment, request.namespace)
    namespace_uid, notes = _read_namespace(tools.cluster, target)
    record = read_record(tools.cluster, target, namespace_uid)
    now = tools.clock.now()
    known = find_mark(record.marks, request.deployment, now)
    if known is not None:
        raise EmergencyRefused(
            f"{request.environment}/{request.deployment} was taken back already by {known.by} until "
            f"{known.until:%Y-%m-%d %H:%M:%S} UTC ({known.reason}); end that first: "
            f"modelsync emergency end {request.environment}/{request.deployment}"
        )
    live = reader.get(SELDON_DEPLOYMENT, target.namespace, request.deployment)
    good, manifest = choose_set(record, live, target, request.deployment)
    by = reader.read_identity().user
    _demand_rights(tools.cluster, target, request.deployment, by, made=live is None)
    mark = EmergencyMark(
        deployment=request.deployment,
        by=by or request.by or "somebody",
        reason=request.reason.strip(),
        since=now,
        until=now + request.duration,
        shares=good.shares,
    )
    return Rollback(
        target=target,
        live=live,
        applied=read_shares(live.body) if live is not None else (),
        good=good,
        manifest=manifest,
        mark=mark,
        record=record,
        others=tuple(
            entry.key
            for entry in record.entries
            if entry.deployment == request.deployment and entry.key.kind != SELDON_DEPLOYMENT
        ),
        notes=notes,
    )


def roll_back(shown: Rollback, tools: EmergencyTools) -> tuple[str, ...]:
    """Do what was shown, if all is still as it was shown; notes say what went wrong beside it.

    Raises EmergencyRefused, ClusterError.
    """
    cluster, target = tools.cluster, shown.target
    with _open_lease(target, tools, shown.record) as fence:
        namespace_uid, _ = _read_namespace(cluster, target)
        record = read_record(cluster, target, namespace_uid)
        live = cluster.reader.get(SELDON_DEPLOYMENT, target.namespace, shown.mark.deployment)
        good, _ = choose_set(record, live, target, shown.mark.deployment)
        if good != shown.good or _identify(live) != _identify(shown.live):
            raise EmergencyRefused(
                f"{target.environment}/{shown.mark.deployment} was changed since it was shown; nothing was "
                "written. Look again and repeat the command."
            )
        return write_back(replace(shown, record=record, live=live), cluster, fence, tools.clock)


def end_emergency(request: EmergencyRequest, tools: EmergencyTools) -> EmergencyMark:
    """Take a mark away before its time, and return it: the next sync makes the deployment as git says.

    Raises EmergencyRefused if there is none, ClusterError.
    """
    for name in (request.environment, request.deployment):
        if not _NAME.fullmatch(name):
            raise SettingsError(f'"{name}" is no name; write ENV/DEPLOYMENT, such as production/wines.')
    cluster = tools.cluster
    target = find_target(cluster, request.environment, request.namespace)
    namespace_uid, _ = _read_namespace(cluster, target)
    known = read_record(cluster, target, namespace_uid)
    with _open_lease(target, tools, known) as fence:
        namespace_uid, _ = _read_namespace(cluster, target)
        record = read_record(cluster, target, namespace_uid)
        mark = find_mark(record.marks, request.deployment, tools.clock.now())
        if mark is None:
            raise EmergencyRefused(
                f"{request.environment}/{request.deployment} is in no emergency, so there is nothing to end; "
                f"look at it: modelsync status {request.environment}/{request.deployment}"
            )
        by = cluster.reader.read_identity().user or request.by or "somebody"
        line = RunSummary(
            revision=record.attempted,
            finished=tools.clock.now(),
            outcome=0,
            summary=f"emergency of {request.environment}/{request.deployment} ended by {by}",
        )
        ended = replace(
            record,
            marks=tuple(item for item in record.marks if item != mark),
            history=(*record.history, line),
            quiet="",
        )
        save_record(cluster, target, ended, known=record, fence=fence)
        return mark


def find_target(cluster: Cluster, environment: str, namespace: str) -> Target:
    """The environment's target in this cluster: in `namespace`, or wherever its one record is.

    Raises EmergencyRefused where there is none, SettingsError where there are several or they may not be
    listed.
    """
    if namespace:
        return Target(environment=environment, namespace=namespace)
    selector = f"{MANAGED_BY_LABEL}=modelsync,{ENVIRONMENT_LABEL}={environment}"
    try:
        listed = cluster.reader.list_metadata(CONFIG_MAP, "", label_selector=selector)
    except RightMissing as error:
        raise SettingsError(
            f"{error.user or 'the caller'} may not list ConfigMaps in all namespaces, so the namespace of "
            f"{environment} cannot be found; name it: --namespace NAMESPACE"
        ) from error
    targets = [Target(environment=environment, namespace=item.key.namespace) for item in listed]
    found = sorted(
        target
        for target, item in zip(targets, listed, strict=True)
        if item.key.name == parent_name(environment) and item.labels.get(ID_LABEL) == find_part_of(target)
    )
    if not found:
        raise EmergencyRefused(
            f"{environment} has no record in this cluster ({cluster.reader.server}), so it was never synced "
            "there; the usual cause is the wrong context: --context NAME"
        )
    if len(found) > 1:
        names = ", ".join(target.namespace for target in found)
        raise SettingsError(f"{environment} is in several namespaces: {names}; name one: --namespace NAME")
    return found[0]


def read_record(cluster: Cluster, target: Target, namespace_uid: str) -> TargetRecord:
    """The target's record, which must be one to believe. Raises EmergencyRefused.

    Where `namespace_uid` is given, it must have been written in the namespace's present life.
    """
    live = cluster.reader.get(CONFIG_MAP, target.namespace, parent_name(target.environment))
    record = decode_record(live, target, namespace_uid=namespace_uid)
    where = f"ConfigMap {parent_name(target.environment)} in namespace {target.namespace}"
    if not record.exists:
        raise EmergencyRefused(
            f"{target.environment} has no record ({where} is missing), so no good set is known; "
            "name another --namespace, or roll back in git."
        )
    if record.forged:
        raise EmergencyRefused(
            f"{where} is damaged or was not written for this target, so nothing of it is believed; "
            "the next sync rebuilds it. Roll back in git."
        )
    return record


def _read_namespace(cluster: Cluster, target: Target) -> tuple[str, tuple[str, ...]]:
    """The namespace's uid, which must be labelled for the environment.

    Empty, and a note, where the caller may not read it: who has rights in one namespace mostly has none on
    the namespace itself. The record's own identity, which holds both names, then has to do.
    """
    try:
        namespace = cluster.reader.read_namespace(target.namespace)
    except RightMissing as error:
        why = (
            f"{error.user or 'the caller'} may not get the namespace {target.namespace}, so whether it is "
            f"labelled for {target.environment} is not known; the record in it says that it is"
        )
        return "", (why,)
    if namespace is None:
        raise NamespaceMissing(target.namespace)
    found = namespace.labels.get(ENVIRONMENT_LABEL)
    if found != target.environment:
        says = f"carries {ENVIRONMENT_LABEL}={found}" if found else f"has no label {ENVIRONMENT_LABEL}"
        raise EmergencyRefused(
            f"namespace {target.namespace} {says}; {target.environment} may only be written in one that is "
            "labelled for it. Name the right one: --namespace NAME"
        )
    return namespace.uid, ()


def _open_lease(target: Target, tools: EmergencyTools, record: TargetRecord) -> TargetLease:
    return TargetLease(
        tools.cluster,
        target,
        holder=tools.holder,
        clock=tools.clock,
        terms=tools.terms,
        after=record.fence,
    )


def _demand_rights(cluster: Cluster, target: Target, deployment: str, user: str, *, made: bool) -> None:
    """Raise RightMissing before anything is shown, rather than half-way.

    A mark that cannot be stored would leave a deployment that the next sync changes again. `made` says that
    the object is gone, and so is to be made anew.
    """
    name = parent_name(target.environment)
    needed = [
        ("patch", SELDON_DEPLOYMENT, deployment),
        ("update", CONFIG_MAP, name),
        ("update", LEASE, name),
    ]
    # Creating is a right for a whole kind: there is no name yet when it is asked for.
    if made:
        needed.append(("create", SELDON_DEPLOYMENT, ""))
    if cluster.reader.get(LEASE, target.namespace, name) is None:
        needed.append(("create", LEASE, ""))
    for verb, kind, name in needed:
        if not cluster.reader.can(verb, kind, target.namespace, name):
            raise RightMissing(verb, kind.plural, kind.group, target.namespace, user=user)


def _identify(live: LiveObject | None) -> tuple[object, ...]:
    """What moves when the object is changed, but not when the operator writes its status."""
    return () if live is None else (live.uid, live.generation, live.labels, live.annotations)


def _describe(duration: timedelta) -> str:
    minutes = int(duration.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
