"""Looks at everything that a run needs, and says what is missing and who can mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from reconciler.clients.cluster.interface import Cluster, ClusterError, ClusterReader, KindMissing
from reconciler.clients.cluster.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    DESTINATION_RULE,
    EVENT,
    LEASE,
    MAPPING,
    POD,
    RESOURCE_QUOTA,
    SERVICE,
    VIRTUAL_SERVICE,
)
from reconciler.clients.metrics.interface import MetricsError, MetricsReader
from reconciler.clients.registry.interface import RegistryError, RegistryReader
from reconciler.pipeline.outcomes import find_outcome
from reconciler.pipeline.selection import select_environments
from reconciler.plan.wording import count
from reconciler.policy.clusters import view_cluster
from reconciler.render.applyset import parent_name
from reconciler.settings import SettingsError
from reconciler.state.objects import ENVIRONMENT_LABEL, EXTRA_KINDS, SELDON_DEPLOYMENT, Kind
from reconciler.state.outcomes import Outcome
from reconciler.state.targets import Target
from reconciler.validate.checks import Check

_METRICS_WINDOW = 3600  # seconds


class Verdict(str, Enum):
    """What a look found."""

    GOOD = "ok"
    BAD = "missing"
    UNKNOWN = "not known"
    SKIPPED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing that was looked at; `remedy` says what to do, empty where all is well."""

    subject: str
    verdict: Verdict
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A right that sync needs; `name` narrows it to one object."""

    verb: str
    kind: Kind
    name: str = ""


# The local cluster belongs to the repository and is no part of what is installed; so this names its words.
_AT_HAND = (
    "To try modelsync without a cluster of your own: its README, section 'Without a cluster', starts one on "
    "this machine."
)


def examine_all(
    check: Check,
    cluster_name: str,
    *,
    open_cluster: Callable[[], Cluster],
    open_registry: Callable[[], RegistryReader],
    open_metrics: Callable[[str], MetricsReader],
) -> Iterator[Diagnosis]:
    """Everything, as it is looked at: declarations, registry, cluster, and each target that it serves.

    Raises SettingsError for environments that name clusters while none was chosen.
    """
    yield _examine_declarations(check)
    yield _examine_registry(open_registry)
    try:
        cluster = open_cluster()
    except ClusterError as error:
        yield Diagnosis(subject="cluster", verdict=Verdict.BAD, detail=str(error), remedy=_AT_HAND)
        return
    answers = list(examine_cluster(cluster.reader))
    yield from answers
    if any(answer.verdict is not Verdict.GOOD for answer in answers):
        return
    for entry in select_environments(check.repository, (), cluster_name):
        if entry.environment is not None:
            declared = entry.environment.declaration
            target = Target(environment=entry.name, namespace=declared.namespace, cluster=cluster_name)
            view = view_cluster(declared, cluster_name)
            ingress = view.platform.ingresses[0]
            yield from examine_target(cluster.reader, target, ingress, declared.allow.kinds)
            if view.metrics is not None:
                yield examine_metrics(open_metrics(view.metrics.prometheus), target)


def list_rights(environment: str, ingress: str = "istio", kinds: tuple[str, ...] = ()) -> tuple[Right, ...]:
    """The rights that `sync` and `status` use in a target's namespace, as reconciler/deploy grants them.

    `kinds` are those that templates in extras/ may make there.
    """
    record = parent_name(environment)
    written = (SELDON_DEPLOYMENT, *(kind for kind in EXTRA_KINDS if kind.name in kinds))
    return (
        *(Right(verb=verb, kind=kind) for kind in written for verb in ("list", "create", "patch", "delete")),
        Right(verb="create", kind=CONFIG_MAP),
        *(Right(verb=verb, kind=CONFIG_MAP, name=record) for verb in ("get", "update")),
        Right(verb="create", kind=LEASE),
        *(Right(verb=verb, kind=LEASE, name=record) for verb in ("get", "update")),
        Right(verb="create", kind=EVENT),
        *(Right(verb="list", kind=kind) for kind in (DEPLOYMENT, POD, EVENT, RESOURCE_QUOTA)),
        *(Right(verb="list", kind=kind) for kind in _list_kinds_of_routes(ingress)),
    )


def _list_kinds_of_routes(ingress: str) -> tuple[Kind, ...]:
    if ingress == "istio":
        return VIRTUAL_SERVICE, DESTINATION_RULE
    return (MAPPING,) if ingress == "ambassador-v2" else (SERVICE,)


def _examine_declarations(check: Check) -> Diagnosis:
    errors = sum(1 for finding in check.findings if finding.is_error)
    size = f"{count(check.environments, 'environment')}, {count(check.deployments, 'deployment')}"
    if errors:
        return Diagnosis(
            subject="declarations",
            verdict=Verdict.BAD,
            detail=f"{count(errors, 'error')} in {size}",
            remedy="modelsync validate says where.",
        )
    return Diagnosis(subject="declarations", verdict=Verdict.GOOD, detail=size)


def _examine_registry(open_registry: Callable[[], RegistryReader]) -> Diagnosis:
    need = "Only pin and validate --registry need it; sync does not."
    try:
        registry = open_registry()
        registry.find_versions(("modelsync-doctor",))
    except SettingsError as error:
        return Diagnosis(subject="registry", verdict=Verdict.SKIPPED, detail=str(error), remedy=need)
    except RegistryError as error:
        # One that does not answer may be in order; an address that leads to no registry is not.
        undecided = find_outcome(error) is Outcome.UNDECIDED
        verdict = Verdict.UNKNOWN if undecided else Verdict.BAD
        return Diagnosis(subject="registry", verdict=verdict, detail=str(error), remedy=need)
    return Diagnosis(subject="registry", verdict=Verdict.GOOD, detail=f"{registry.server} answers")


def examine_cluster(reader: ClusterReader) -> Iterator[Diagnosis]:
    """Whether the API server answers, and as whom. Stops at the first no."""
    try:
        version = reader.read_server_version()
        user = reader.read_identity().user or "an unnamed caller"
    except ClusterError as error:
        # A server that cannot be reached may be in order: that is not known.
        undecided = find_outcome(error) is Outcome.UNDECIDED
        yield Diagnosis(
            subject="cluster",
            verdict=Verdict.UNKNOWN if undecided else Verdict.BAD,
            detail=str(error),
            remedy="Check --kubeconfig and --context, and that the API server can be reached from here. "
            + _AT_HAND,
        )
        return
    yield Diagnosis(subject="cluster", verdict=Verdict.GOOD, detail=f"{reader.server}, {version}, as {user}")


def examine_target(
    reader: ClusterReader, target: Target, ingress: str = "istio", kinds: tuple[str, ...] = ()
) -> Iterator[Diagnosis]:
    """A target's namespace, its label, the kind to be served, and the caller's rights there."""
    subject = f"{target} (namespace {target.namespace})"
    try:
        yield from _examine_namespace(reader, target, subject)
        yield from _examine_kind(reader, target, subject)
        rights = list_rights(target.environment, ingress, kinds)
        yield from _examine_rights(reader, target, subject, rights)
    except ClusterError as error:
        yield Diagnosis(subject=subject, verdict=Verdict.UNKNOWN, detail=str(error))


def examine_metrics(reader: MetricsReader, target: Target) -> Diagnosis:
    """Whether the source that served traffic is read from answers, and has counted anything of the target."""
    subject = f"{target} (metrics)"
    try:
        found = reader.read_requests(target.namespace, _METRICS_WINDOW).counts
    except MetricsError as error:
        return Diagnosis(
            subject=subject,
            verdict=Verdict.UNKNOWN if find_outcome(error) is Outcome.UNDECIDED else Verdict.BAD,
            detail=str(error),
            remedy="Only the column SERVED of status needs it; sync does not.",
        )
    counted = f"requests of {count(len(found), 'deployment')} counted in the last hour"
    return Diagnosis(subject=subject, verdict=Verdict.GOOD, detail=f"{reader.server} answers, {counted}")


def _examine_namespace(reader: ClusterReader, target: Target, subject: str) -> Iterator[Diagnosis]:
    namespace = reader.read_namespace(target.namespace)
    label = f"{ENVIRONMENT_LABEL}={target.environment}"
    if namespace is None:
        yield Diagnosis(
            subject=subject,
            verdict=Verdict.BAD,
            detail="the namespace does not exist",
            remedy=f"kubectl create namespace {target.namespace}, then kubectl label namespace "
            f"{target.namespace} {label}",
        )
    elif namespace.labels.get(ENVIRONMENT_LABEL) != target.environment:
        found = namespace.labels.get(ENVIRONMENT_LABEL)
        yield Diagnosis(
            subject=subject,
            verdict=Verdict.BAD,
            detail=f"the namespace is labelled for {found}" if found else "the namespace lacks its label",
            remedy=f"If this is the right cluster: kubectl label namespace {target.namespace} {label}",
        )
    else:
        yield Diagnosis(subject=subject, verdict=Verdict.GOOD, detail="the namespace is labelled for it")


def _examine_kind(reader: ClusterReader, target: Target, subject: str) -> Iterator[Diagnosis]:
    try:
        found = len(reader.list(SELDON_DEPLOYMENT, target.namespace))
    except KindMissing as error:
        yield Diagnosis(subject=subject, verdict=Verdict.BAD, detail=str(error))
        return
    yield Diagnosis(
        subject=subject, verdict=Verdict.GOOD, detail=f"SeldonDeployments can be read ({found} there)"
    )


def _examine_rights(
    reader: ClusterReader, target: Target, subject: str, rights: tuple[Right, ...]
) -> Iterator[Diagnosis]:
    missing = [
        right for right in rights if not reader.can(right.verb, right.kind, target.namespace, right.name)
    ]
    if not missing:
        yield Diagnosis(subject=subject, verdict=Verdict.GOOD, detail="all rights that sync needs are there")
        return
    said = ", ".join(f"{right.verb} {right.kind.plural}" for right in missing)
    yield Diagnosis(
        subject=subject,
        verdict=Verdict.BAD,
        detail=f"the caller may not {said}",
        remedy="reconciler/deploy holds the Role that grants them; its README says how to install it.",
    )
