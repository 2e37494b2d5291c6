"""The whole run of one commit: everything is checked and rendered, every target looked at and made equal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import ParamSpec, TypeVar

from reconciler.apply.lease import LeaseTerms
from reconciler.apply.parallel import run_parallel
from reconciler.clients.source.interface import Revision, SourceError, SourceUnreachable, Tree
from reconciler.pipeline.check import check_tree
from reconciler.pipeline.desired import render_environment
from reconciler.pipeline.outcomes import find_outcome
from reconciler.pipeline.selection import describe_missing, find_missing, select_environments
from reconciler.pipeline.sync.ancestry import ask_ancestry
from reconciler.pipeline.sync.failures import ask_author, tell_run
from reconciler.pipeline.sync.look import TargetRequest
from reconciler.pipeline.sync.marks import QuietTerms, find_all
from reconciler.pipeline.sync.quiet import Records, name_record
from reconciler.pipeline.sync.run import SyncTools
from reconciler.pipeline.sync.signing import Trust, ask_signatures
from reconciler.pipeline.sync.target import sync_target
from reconciler.pipeline.sync.vanished import judge_vanished
from reconciler.policy.clusters import view_cluster
from reconciler.render.applyset import parent_name
from reconciler.settings import Settings, SettingsError
from reconciler.state.outcomes import Outcome
from reconciler.state.repository import EnvironmentEntry, Repository
from reconciler.state.runs import Run, TargetRun
from reconciler.state.targets import Target
from reconciler.validate.checks import Check

_TARGETS = 8
"""How many targets are worked on at once: while one waits for the API server, another is planned."""

_Answer = TypeVar("_Answer")
_Given = ParamSpec("_Given")


def sync_revision(
    revision: Revision,
    tree: Tree,
    names: tuple[str, ...],
    settings: Settings,
    tools: SyncTools,
    *,
    only: Mapping[str, frozenset[str]],
    at_once: bool,
    records: Records,
    terms: QuietTerms,
    trust: Trust,
    outage: datetime | None,
) -> Run:
    """Make the named environments (none: all of the cluster) equal to a revision; `only` names deployments.

    `tree` is what the revision holds, `trust` says whose commits may come in; in an `outage` of the
    repository, given as when it last answered, drift alone is healed.

    `at_once` tries what failed before without waiting. `records` are those that were found before, `terms`
    what is to be said in quiet marks. Raises SettingsError for names that cannot be meant, SourceError if the
    revision cannot be read whole. Everything that goes wrong at a target is told in that target's run; the
    others go on.
    """
    check = check_tree(tree)
    _refuse_unknown_deployments(check, only)
    take_turns = _TakeTurns()
    # Nothing is gained by rendering two at once; one after the other, the first begins to write meanwhile.
    render = _TakeTurns()(render_environment)
    find_ancestry = take_turns(ask_ancestry(tools.source, revision))
    find_author = take_turns(ask_author(tools.source, revision.sha))
    chosen = select_environments(check.repository, names, settings.cluster.name)
    vanished = judge_vanished(check.repository, names, tools.cluster, str(revision), find_ancestry)
    known = {name_record(live) for live in records.items}
    if records.complete and not names and not vanished:
        terms = _find_all(terms, records, check.repository, settings.cluster.name)

    def work(entry: EnvironmentEntry) -> TargetRun:
        if entry.environment is None:
            unreadable = _tell_unreadable(entry, check, revision, settings.cluster.name)
            tell_run(tools.cluster, unreadable, find_author(), tools.clock.now())
            return unreadable
        if tools.stop.requested:
            return _tell_not_begun(entry.name, entry.environment.declaration.namespace, revision, tools)
        wanted = TargetRequest(
            rendered=render(check, entry.name, cluster=settings.cluster.name, commit=revision.sha),
            environment=entry.environment.declaration,
            revision=str(revision),
            find_ancestry=find_ancestry,
            find_author=find_author,
            entry=entry,
            view=view_cluster(entry.environment.declaration, settings.cluster.name),
            models=check.repository.models,
            terms=LeaseTerms(duration=settings.lease_duration, wait=settings.lease_wait),
            only=only.get(entry.name),
            at_once=at_once,
            wait=settings.wait,
            quiet=terms,
            judge_commits=take_turns(ask_signatures(tools.source, revision, trust, entry.name)),
            outage=outage,
            new=outage is None and records.complete and _name_record(entry) not in known,
        )
        return _sync_target(wanted, tools)

    done = {entry.name: run for entry, run in run_parallel(chosen, work, limit=_TARGETS, go_on=lambda: True)}
    runs = [done[entry.name] for entry in chosen]
    for run in vanished:
        tell_run(tools.cluster, run, find_author(), tools.clock.now())
    runs += vanished
    told = {run.target.environment for run in runs}
    unknown = [name for name in find_missing(check.repository, names) if name not in told]
    if unknown and not runs:
        raise SettingsError("; ".join(describe_missing(check.repository, name) for name in unknown))
    runs += [_tell_unknown(check, name, revision) for name in unknown]
    if not runs:
        raise SettingsError(
            f"{revision} holds no environment for this cluster; add one: modelsync add environment"
        )
    return Run(revision=str(revision), targets=tuple(runs))


def _sync_target(wanted: TargetRequest, tools: SyncTools) -> TargetRun:
    """The target's run, also where the repository cannot answer a question about history any more."""
    try:
        return sync_target(wanted, tools.cluster.open_part(), tools.clock, tools.progress, tools.stop)
    except SourceError as error:
        run = TargetRun(
            target=wanted.rendered.desired.target,
            revision=wanted.revision,
            outcome=find_outcome(error) or Outcome.UNDECIDED,
            message=str(error),
        )
        lost = error if isinstance(error, SourceUnreachable) else None
        tell_run(tools.cluster, run, wanted.find_author(), tools.clock.now(), lost)
        return run


class _TakeTurns:
    """Lets targets call functions one after the other.

    A question to the repository may fetch, and its answer is kept for the next who asks the same.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, ask: Callable[_Given, _Answer]) -> Callable[_Given, _Answer]:
        def wait(*args: _Given.args, **kwargs: _Given.kwargs) -> _Answer:
            with self._lock:
                return ask(*args, **kwargs)

        return wait


def _tell_not_begun(name: str, namespace: str, revision: Revision, tools: SyncTools) -> TargetRun:
    return TargetRun(
        target=Target(environment=name, namespace=namespace),
        revision=str(revision),
        outcome=Outcome.INTERRUPTED,
        message=f"not begun: the run was ended by {tools.stop.signal_name} before it.",
    )


def _find_all(terms: QuietTerms, records: Records, repository: Repository, cluster: str) -> QuietTerms:
    """The terms with all environments of the cluster, and with the records that are none of theirs."""
    try:
        entries = select_environments(repository, (), cluster)
    except SettingsError:
        # Some need a cluster's name that was not given, so all of them can never be asked for.
        return terms
    own = {_name_record(entry) for entry in entries}
    others = {name_record(live) for live in records.items} - own
    return find_all(terms, (entry.name for entry in entries), others)


def _name_record(entry: EnvironmentEntry) -> str:
    """The environment's own record as marks name it; empty where nobody knows its namespace."""
    if entry.environment is None:
        return ""
    return f"{entry.environment.declaration.namespace}/{parent_name(entry.name)}"


def _refuse_unknown_deployments(check: Check, only: Mapping[str, frozenset[str]]) -> None:
    for name, deployments in only.items():
        entry = check.repository.environments.get(name)
        known = {*entry.deployments, *entry.faulty_deployments} if entry is not None else set()
        for deployment in sorted(deployments - known):
            near = get_close_matches(deployment, known, n=1)
            hint = f" Did you mean {name}/{near[0]}?" if near else ""
            raise SettingsError(f"--only: there is no deployment {name}/{deployment}.{hint}")


def _tell_unreadable(entry: EnvironmentEntry, check: Check, revision: Revision, cluster: str) -> TargetRun:
    folder = f"environments/{entry.name}/"
    said = [
        f"{finding.location}: {finding.rule}: {finding.message.splitlines()[0]}"
        for finding in check.findings
        if finding.is_error and finding.location.file.startswith(folder)
    ]
    lines = "\n    ".join(said) or f"{folder}environment.yaml is missing"
    return TargetRun(
        target=Target(environment=entry.name, namespace="", cluster=cluster),
        revision=str(revision),
        outcome=Outcome.FINDINGS,
        message=f"its environment.yaml cannot be used, so it is left as it was last applied:\n    {lines}",
    )


def _tell_unknown(check: Check, name: str, revision: Revision) -> TargetRun:
    return TargetRun(
        target=Target(environment=name, namespace=""),
        revision=str(revision),
        outcome=Outcome.CONFIGURATION,
        message=describe_missing(check.repository, name),
    )
