"""Targets that have an inventory in the cluster but no environment in git: never a reason to delete."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.clients.cluster.interface import Cluster, ClusterReader, RightMissing
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.observe.inventory import decode_record
from reconciler.plan.guards import Ancestry
from reconciler.render.applyset import parent_name
from reconciler.state.objects import ENVIRONMENT_LABEL, MANAGED_BY_LABEL, LiveObject
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Plan, Refusal
from reconciler.state.repository import EnvironmentEntry, Repository
from reconciler.state.runs import TargetRun
from reconciler.state.targets import Target


def judge_vanished(
    repository: Repository,
    names: tuple[str, ...],
    cluster: Cluster,
    revision: str,
    find_ancestry: Callable[[str], Ancestry],
) -> list[TargetRun]:
    """Refusals for targets whose folder is gone, or that another namespace still holds an inventory of.

    A named environment that git has is not searched for, so that its no-op costs no request more; one
    that git lacks is looked for in the caller's own namespace, and where it is not there among the records
    that the caller may list. Without names all of those are looked at. Listed records of other repositories,
    whose last commit this history lacks, do not count.
    """
    missing = [name for name in names if name not in repository.environments]
    own = [cluster.reader.get(CONFIG_MAP, cluster.namespace, parent_name(name)) for name in missing]
    records = [live for live in own if live is not None]
    sought = {name for name, live in zip(missing, own, strict=True) if live is None}
    if sought or not names:
        records += [
            live
            for live in _list_records(cluster.reader)
            if (not names or live.labels.get(ENVIRONMENT_LABEL) in sought)
            and find_ancestry(_read_revision(live)) is Ancestry.ANCESTOR
        ]
    judged = (_judge(repository, live, revision) for live in records)
    return [run for run in judged if run is not None]


def _read_revision(live: LiveObject) -> str:
    target = Target(environment=live.labels.get(ENVIRONMENT_LABEL, ""), namespace=live.key.namespace)
    record = decode_record(live, target)
    return record.applied or record.attempted


def _list_records(reader: ClusterReader) -> tuple[LiveObject, ...]:
    selector = f"{MANAGED_BY_LABEL}=modelsync,{ENVIRONMENT_LABEL}"
    try:
        return reader.list(CONFIG_MAP, "", label_selector=selector)
    except RightMissing:
        # The account of a CronJob sees its own namespace alone, and may only get its record there by name.
        return ()


def _judge(repository: Repository, live: LiveObject, revision: str) -> TargetRun | None:
    name = live.labels.get(ENVIRONMENT_LABEL, "")
    target = Target(environment=name, namespace=live.key.namespace)
    if live.key.name != parent_name(name):
        return None
    owned = len(decode_record(live, target).entries)
    entry = repository.environments.get(name)
    declared = _namespace_of(entry)
    if not owned or (entry is not None and declared in ("", live.key.namespace)):
        return None
    refusal = _refuse_vanished(target, owned) if entry is None else _refuse_moved(target, owned, declared)
    return TargetRun(
        target=target,
        revision=revision,
        outcome=Outcome.REFUSED,
        plan=Plan(target=target, revision=revision, digest="", refusals=(refusal,)),
    )


def _namespace_of(entry: EnvironmentEntry | None) -> str:
    return entry.environment.declaration.namespace if entry is not None and entry.environment else ""


def _refuse_vanished(target: Target, owned: int) -> Refusal:
    name = target.environment
    return Refusal(
        rule="vanished-environment",
        message=(
            f"environments/{name} is gone from git, but namespace {target.namespace} still holds "
            f"{owned} of its objects."
        ),
        advice=(
            f"If it was moved or lost, bring the folder back. To end the environment, bring it back with "
            f"retire: true in environments/{name}/environment.yaml; once it is synced the folder may go."
        ),
        objects=(name,),
    )


def _refuse_moved(target: Target, owned: int, declared: str) -> Refusal:
    name = target.environment
    return Refusal(
        rule="moved-environment",
        message=(
            f"{name} is declared in namespace {declared} now, but namespace {target.namespace} still holds "
            f"{owned} of its objects."
        ),
        advice=(
            f"An environment does not move. Put namespace: {target.namespace} back, say retire: true, sync, "
            "and declare it in the new namespace afterwards."
        ),
        objects=(name,),
    )
